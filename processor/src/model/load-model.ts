import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ValenceError } from '@valence/schemas'
import type { ModelRef } from '../domain/sentiment.ts'
import type { CloseOptions, InferenceBackend } from '../inference/backend.ts'
import type { GraphSpec } from '../inference/graph-session.ts'
import { probabilities } from '../inference/logits.ts'
import { packTokens } from '../inference/token-batch.ts'
import { createTokenizer, type Tokenizer } from '../inference/tokenizer.ts'
import { unlessAborted } from '../platform/abort.ts'
import { fileDigest } from './file-digest.ts'
import { type ModelManifest, parseManifest } from './manifest.ts'

/** A model that is verified, warmed up and reproduces its golden scores; ready to score. */
export interface LoadedModel {
  readonly manifest: ModelManifest
  readonly ref: ModelRef
  /**
   * Digest of everything that scores depend on: graph, tokenizer, labels, limits, calibration. Part of each cache key.
   */
  readonly fingerprint: string
  readonly tokenizer: Tokenizer
  readonly backend: InferenceBackend
  close(options?: CloseOptions): Promise<void>
}

/** Opens the graph: in a worker pool for servers, on the calling thread for the command line. */
export type OpenBackend = (graph: GraphSpec) => Promise<InferenceBackend>

async function readModelFile(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name))
  } catch (cause) {
    throw new ValenceError('VAL_MODEL_MISSING', `${join(folder, name)} cannot be read`, { cause })
  }
}

/** Compares size and digest of the file with the manifest. @throws VAL_MODEL_MISSING, VAL_MODEL_CHECKSUM_MISMATCH */
async function verifyFile(folder: string, file: ModelManifest['files']['model']): Promise<void> {
  const path = join(folder, file.path)
  const { bytes, sha256 } = await fileDigest(path).catch((cause: unknown) => {
    throw new ValenceError('VAL_MODEL_MISSING', `${path} cannot be read`, { cause })
  })
  if (bytes !== file.bytes || sha256 !== file.sha256) {
    throw new ValenceError(
      'VAL_MODEL_CHECKSUM_MISMATCH',
      `${path} has ${bytes} bytes and sha256 ${sha256}, the manifest says ${file.bytes} and ${file.sha256}`,
    )
  }
}

function openTokenizer(bytes: Buffer, manifest: ModelManifest): Tokenizer {
  try {
    return createTokenizer(JSON.parse(bytes.toString('utf8')), manifest.maxTokens)
  } catch (cause) {
    throw new ValenceError('VAL_MODEL_UNUSABLE', `${manifest.files.tokenizer.path} is not a supported tokenizer`, {
      cause,
    })
  }
}

function graphOf(folder: string, manifest: ModelManifest): GraphSpec {
  const { inputIds, attentionMask, tokenTypeIds } = manifest.inputs
  return {
    path: join(folder, manifest.files.model.path),
    inputIds,
    ...(attentionMask && { attentionMask }),
    ...(tokenTypeIds && { tokenTypeIds }),
    output: manifest.output.name,
    labels: manifest.labels.length,
    optimizationLevel: manifest.graph.sessionOptions.graphOptimizationLevel,
  }
}

function fingerprintOf(manifest: ModelManifest): string {
  const { files, labels, maxTokens, calibration, inputs, output, padTokenId, graph } = manifest
  const digests = [files.model.sha256, files.tokenizer.sha256]
  const decisive = [digests, labels, maxTokens, calibration, inputs, output, padTokenId, graph.sessionOptions]
  return createHash('sha256').update(JSON.stringify(decisive)).digest('hex').slice(0, 16)
}

/**
 * Scores each golden text in a batch of its own and compares the scores. This is also the warm-up: every worker runs
 * the graph before the first real text. @throws VAL_MODEL_GOLDEN_MISMATCH; VAL_MODEL_UNUSABLE if the graph fails
 */
async function checkGolden(manifest: ModelManifest, tokenizer: Tokenizer, backend: InferenceBackend): Promise<void> {
  const { golden, goldenTolerance, labels, calibration, padTokenId } = manifest
  await Promise.all(
    golden.map(async ({ text, scores }) => {
      const batch = packTokens([tokenizer.encode(text).ids], padTokenId)
      const logits = await backend.infer(batch).catch((cause: unknown) => {
        throw new ValenceError('VAL_MODEL_UNUSABLE', `the graph fails on the golden text ${JSON.stringify(text)}`, {
          cause,
        })
      })
      const values = probabilities(logits, 0, labels.length, calibration)
      labels.forEach(({ name }, index) => {
        const [got, wanted] = [values[index] ?? Number.NaN, scores[name] ?? Number.NaN]
        if (Math.abs(got - wanted) <= goldenTolerance) return
        throw new ValenceError(
          'VAL_MODEL_GOLDEN_MISMATCH',
          `${JSON.stringify(text)}: ${name} is ${got.toFixed(4)}, must be ${wanted} ± ${goldenTolerance}`,
        )
      })
    }),
  )
}

/**
 * Opens the graph and checks golden scores. After a failure or an abort it is closed without waiting for a hanging run.
 */
async function openProven(
  { folder, manifest, tokenizer }: { folder: string; manifest: ModelManifest; tokenizer: Tokenizer },
  openBackend: OpenBackend,
  signal: AbortSignal,
): Promise<InferenceBackend> {
  const opening = openBackend(graphOf(folder, manifest))
  try {
    const backend = await unlessAborted(opening, signal)
    await unlessAborted(checkGolden(manifest, tokenizer, backend), signal)
    return backend
  } catch (error) {
    const closed = opening.then(
      (backend) => backend.close({ drain: false }),
      () => undefined,
    )
    // Stopping the process does not wait for a graph that is still being read.
    if (!signal.aborted) await closed
    throw error
  }
}

/**
 * Loads the model of a folder: manifest, digests, tokenizer, graph, golden scores, in this order. After a failure
 * nothing stays open. @throws VAL_MODEL_MISSING, _MANIFEST_INVALID, _CHECKSUM_MISMATCH, _UNUSABLE or _GOLDEN_MISMATCH,
 * or the signal's reason
 */
export async function loadModel(
  folder: string,
  openBackend: OpenBackend,
  signal: AbortSignal = new AbortController().signal,
): Promise<LoadedModel> {
  const manifest = parseManifest((await readModelFile(folder, 'model.json')).toString('utf8'))
  await Promise.all([verifyFile(folder, manifest.files.model), verifyFile(folder, manifest.files.tokenizer)])
  const tokenizer = openTokenizer(await readModelFile(folder, manifest.files.tokenizer.path), manifest)
  const backend = await openProven({ folder, manifest, tokenizer }, openBackend, signal)
  const { name, version, files } = manifest
  return {
    manifest,
    ref: { name, version, sha256: files.model.sha256.slice(0, 12) },
    fingerprint: fingerprintOf(manifest),
    tokenizer,
    backend,
    close: (options) => backend.close(options),
  }
}
