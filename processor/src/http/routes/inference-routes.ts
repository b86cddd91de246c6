import { checkUnicode, ValenceError } from '@valence/schemas'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Sentiment } from '../../domain/sentiment.ts'
import { expectScored } from '../../domain/verdict.ts'
import type { LoadedModel } from '../../model/load-model.ts'
import { lengthHeader, type OutputTensor, packBinaryResponse, readBinaryRequest } from '../binary-tensors.ts'
import {
  type InferRequest,
  inferRequest,
  inferResponse,
  modelMetadata,
  serverMetadata,
} from '../contract/inference-protocol.ts'
import { problems } from '../contract/problem-response.ts'
import { deadlineHeaders } from '../contract/text-request.ts'
import type { FacadeScorer } from '../facade-scorer.ts'
import type { HttpApp } from '../http-app.ts'
import { deadlineOf } from '../request-context.ts'

export interface InferenceRoutesOptions {
  readonly scorer: FacadeScorer
  readonly model: () => LoadedModel
  readonly timeoutMs: number
  readonly version: string
  readonly isReady: () => boolean
}

interface ModelPath {
  name: string
  version?: string
}

const tags = ['inference protocol']
const modelPath = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) })
const versionPath = Type.Object({ ...modelPath.properties, version: Type.String({ minLength: 1, maxLength: 100 }) })

/** Each route of a model, without and with its version in the path. */
const modelPaths = [
  { prefix: '/v2/models/:name', params: modelPath, suffix: '' },
  { prefix: '/v2/models/:name/versions/:version', params: versionPath, suffix: 'Version' },
] as const

/** Open Inference Protocol v2 over HTTP, with one input of BYTES. */
export async function addInferenceRoutes(app: HttpApp, options: InferenceRoutesOptions): Promise<void> {
  addServerRoutes(app, options)
  for (const path of modelPaths) {
    addModelRoutes(app, options, path)
    await addInfer(app, options, path)
  }
}

function addServerRoutes(app: HttpApp, { version, isReady }: InferenceRoutesOptions): void {
  const config = { inferenceProtocol: true } as const
  app.get('/v2', {
    config,
    schema: {
      operationId: 'serverMetadata',
      summary: 'Name, version and extensions',
      tags,
      response: { 200: serverMetadata, ...problems() },
    },
    handler: async () => ({ name: 'valence', version, extensions: ['binary_tensor_data'] }),
  })
  app.get('/v2/health/live', {
    config,
    schema: {
      operationId: 'live',
      summary: 'Whether the server runs',
      tags,
      response: { 200: Type.Object({ live: Type.Boolean() }), ...problems() },
    },
    handler: async () => ({ live: true }),
  })
  const ready = Type.Object({ ready: Type.Boolean() })
  app.get('/v2/health/ready', {
    config,
    schema: {
      operationId: 'ready',
      summary: 'Whether it can score now',
      tags,
      response: { 200: ready, ...problems() },
    },
    handler: async () => {
      if (!isReady()) throw new ValenceError('VAL_INFERENCE_UNAVAILABLE')
      return { ready: true }
    },
  })
}

/** @throws VAL_MODEL_UNKNOWN unless the path names the active model */
function expectActive(model: LoadedModel, { name, version }: ModelPath): LoadedModel {
  if (model.ref.name === name && (version === undefined || version === model.ref.version)) return model
  throw new ValenceError('VAL_MODEL_UNKNOWN')
}

function addModelRoutes(
  app: HttpApp,
  { model, isReady }: InferenceRoutesOptions,
  path: (typeof modelPaths)[number],
): void {
  const config = { scope: 'sentiment:score', inferenceProtocol: true } as const
  const security = [{ credentials: ['sentiment:score'] }]
  app.get(path.prefix, {
    config,
    schema: {
      operationId: `model${path.suffix}Metadata`,
      summary: 'Inputs, outputs and labels of the model',
      tags,
      security,
      params: path.params,
      response: { 200: modelMetadata, ...problems(404) },
    },
    handler: async ({ params }) => {
      const { ref, manifest } = expectActive(model(), params as ModelPath)
      const labels = manifest.labels.map(({ name }) => name)
      return {
        name: ref.name,
        versions: [ref.version],
        platform: 'onnxruntime_onnx',
        inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
        outputs: [
          { name: 'label', datatype: 'BYTES', shape: [-1] },
          { name: 'probabilities', datatype: 'FP64', shape: [-1, labels.length] },
          { name: 'valence', datatype: 'FP64', shape: [-1] },
          { name: 'tokens', datatype: 'INT32', shape: [-1] },
        ],
        labels,
      }
    },
  })
  app.get(`${path.prefix}/ready`, {
    config,
    schema: {
      operationId: `model${path.suffix}Ready`,
      summary: 'Whether the model can score now',
      tags,
      security,
      params: path.params,
      response: { 200: Type.Object({ name: Type.String(), ready: Type.Boolean() }), ...problems(404) },
    },
    handler: async ({ params }) => {
      const { ref } = expectActive(model(), params as ModelPath)
      if (!isReady()) throw new ValenceError('VAL_INFERENCE_UNAVAILABLE')
      return { name: ref.name, ready: true }
    },
  })
}

async function addInfer(
  app: HttpApp,
  options: InferenceRoutesOptions,
  path: (typeof modelPaths)[number],
): Promise<void> {
  await app.register(async (scope: FastifyInstance) => {
    // tritonclient sends no content-type. Its body reads as binary tensors; plain JSON is one without tensors.
    scope.addHook('onRequest', async ({ headers }) => {
      headers['content-type'] ??= 'application/octet-stream'
    })
    scope.addContentTypeParser(
      'application/octet-stream',
      { parseAs: 'buffer' },
      async (request: FastifyRequest, body: Buffer) => readBinaryRequest(request.headers, body),
    )
    ;(scope as unknown as HttpApp).post(`${path.prefix}/infer`, {
      config: {
        scope: 'sentiment:score',
        inferenceProtocol: true,
        cost: ({ body }) => (body as InferRequest).inputs[0]?.data.flat().length ?? 1,
      },
      schema: {
        operationId: `infer${path.suffix}`,
        summary: 'Score the texts of a BYTES tensor',
        tags,
        security: [{ credentials: ['sentiment:score'] }],
        params: path.params,
        headers: deadlineHeaders,
        body: inferRequest,
        response: { 200: inferResponse, ...problems(404, 413, 415, 504) },
      },
      handler: async (request, reply) => {
        checkUnicode(request.body.id ?? '', 'id')
        const { model, sentiments } = await scoreByOne(options, readTexts(request.body), request)
        const response = toResponse(request.body, sentiments, model)
        const isBinary = binaryOutputs(request.body)
        if (!response.outputs.some(({ name }) => isBinary(name))) return response
        const { body, jsonBytes } = packBinaryResponse(response, isBinary)
        reply.header(lengthHeader, jsonBytes).type('application/octet-stream')
        return reply.send(body as never)
      },
    })
  })
}

/** Attempts when the model is swapped during scoring. Swaps are minutes apart, so the second attempt succeeds. */
const swapsMet = 3

/** Scores all texts with one model, again if it was swapped meanwhile: the response names one model for all rows. */
async function scoreByOne(
  { model: active, scorer, timeoutMs }: InferenceRoutesOptions,
  texts: string[],
  request: FastifyRequest,
) {
  const deadline = deadlineOf(request, timeoutMs)
  for (let attempt = 0; attempt < swapsMet; attempt++) {
    const model = expectActive(active(), request.params as ModelPath)
    const sentiments = (await scorer.scoreAll(texts, deadline)).map(expectScored)
    if (active() === model && sentiments.every((sentiment) => isOf(sentiment, model))) return { model, sentiments }
  }
  throw new ValenceError('VAL_INFERENCE_UNAVAILABLE', 'the model was swapped again and again')
}

function isOf({ model }: Sentiment, { ref }: LoadedModel): boolean {
  return model.name === ref.name && model.version === ref.version && model.sha256 === ref.sha256
}

/** @throws VAL_HTTP_REQUEST_INVALID where data and shape do not agree */
function readTexts({ inputs }: InferRequest): string[] {
  const [tensor] = inputs
  const texts = (tensor?.data ?? []).flat() as string[]
  const size = tensor?.shape.reduce((product, length) => product * length, 1) ?? 0
  if (texts.length !== size) {
    throw new ValenceError('VAL_HTTP_REQUEST_INVALID', `the shape asks for ${size} texts, there are ${texts.length}`)
  }
  if (size > 256) throw new ValenceError('VAL_HTTP_REQUEST_INVALID', 'a request has 1 to 256 texts')
  return texts
}

/** Whether an output is wanted as binary: by its own parameter, else by the request's. */
function binaryOutputs({ outputs = [], parameters }: InferRequest): (name: string) => boolean {
  const forAll = parameters?.binary_data_output === true
  return (name) => {
    const own = outputs.find((output) => output.name === name)?.parameters?.binary_data
    return own === undefined ? forAll : own === true
  }
}

function toResponse({ id, outputs }: InferRequest, sentiments: readonly Sentiment[], { ref, manifest }: LoadedModel) {
  const n = sentiments.length
  const labels = manifest.labels.map(({ name }) => name)
  const all: OutputTensor[] = [
    { name: 'label', datatype: 'BYTES', shape: [n], data: sentiments.map(({ label }) => label) },
    {
      name: 'probabilities',
      datatype: 'FP64',
      shape: [n, labels.length],
      data: sentiments.flatMap(({ scores }) => labels.map((label) => scores[label] ?? 0)),
    },
    { name: 'valence', datatype: 'FP64', shape: [n], data: sentiments.map(({ valence }) => valence) },
    { name: 'tokens', datatype: 'INT32', shape: [n], data: sentiments.map(({ tokens }) => tokens) },
  ]
  const wanted = outputs?.length ? all.filter(({ name }) => outputs.some((output) => output.name === name)) : all
  return { model_name: ref.name, model_version: ref.version, ...(id === undefined ? {} : { id }), outputs: wanted }
}
