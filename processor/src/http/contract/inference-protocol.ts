import { type Static, Type } from 'typebox'
import { scoredText } from './fields.ts'

const parameters = Type.Optional(Type.Record(Type.String(), Type.Unknown()))

const textTensor = Type.Object({
  name: Type.Unsafe<'text'>({ type: 'string', enum: ['text'] }),
  shape: Type.Array(Type.Integer({ minimum: 1, maximum: 256 }), { minItems: 1, maxItems: 2 }),
  datatype: Type.Unsafe<'BYTES'>({ type: 'string', enum: ['BYTES'] }),
  parameters,
  data: Type.Unsafe<string[] | string[][]>({
    type: 'array',
    minItems: 1,
    maxItems: 256,
    items: { anyOf: [scoredText, { type: 'array', items: scoredText, minItems: 1, maxItems: 256 }] },
    description: 'The texts, flat or nested as the shape says',
  }),
})

/** POST /v2/models/{name}/infer of the Open Inference Protocol. */
export const inferRequest = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 256 })),
    parameters,
    inputs: Type.Array(textTensor, { minItems: 1, maxItems: 1 }),
    outputs: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.Unsafe<string>({ type: 'string', enum: ['label', 'probabilities', 'valence', 'tokens'] }),
          parameters,
        }),
        { maxItems: 4 },
      ),
    ),
  },
  { title: 'InferRequest' },
)

export type InferRequest = Static<typeof inferRequest>

const tensor = {
  name: Type.String(),
  shape: Type.Array(Type.Integer()),
  datatype: Type.String(),
}

const jsonResponse = Type.Object(
  {
    model_name: Type.String(),
    model_version: Type.String(),
    id: Type.Optional(Type.String()),
    outputs: Type.Array(Type.Object({ ...tensor, data: Type.Array(Type.Unknown()) })),
  },
  { title: 'InferResponse' },
)

export const inferResponse = {
  description: 'The outputs',
  content: {
    'application/json': { schema: jsonResponse },
    'application/octet-stream': {
      schema: Type.Unsafe<Buffer>({
        type: 'string',
        format: 'binary',
        description:
          'The same, with the binary tensors that were asked for behind it (inference-header-content-length)',
      }),
    },
  },
}

const tensorMetadata = Type.Object(tensor)

export const modelMetadata = Type.Object(
  {
    name: Type.String(),
    versions: Type.Array(Type.String()),
    platform: Type.String(),
    inputs: Type.Array(tensorMetadata),
    outputs: Type.Array(tensorMetadata),
    labels: Type.Array(Type.String(), { description: 'Names of the columns of `probabilities`' }),
  },
  { title: 'ModelMetadata' },
)

export const serverMetadata = Type.Object(
  { name: Type.String(), version: Type.String(), extensions: Type.Array(Type.String()) },
  { title: 'ServerMetadata' },
)
