import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { ValenceError } from '@valence/schemas'
import { redactUrl } from '../../config/redaction.ts'
import { httpStatusOf, openBucket } from '../../platform/bucket.ts'
import { allowedUri } from './allow-list.ts'
import { type ModelSource, rangeStart, readSmall } from './model-source.ts'

export interface S3SourceOptions {
  readonly prefixes: readonly string[]
  /** S3-compatible endpoint, addressed by path; AWS otherwise. */
  readonly endpoint?: string | undefined
}

function failure(error: unknown, uri: URL, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  const status = httpStatusOf(error)
  const { name, message } = error as { name?: string; message?: string }
  const detail = `${redactUrl(uri)}: ${name ?? 'error'} ${message ?? ''}`.trim()
  if (status === 404) return new ValenceError('VAL_MODEL_MISSING', detail, { cause: error })
  const refused = (status !== undefined && status >= 400 && status < 500) || name === 'CredentialsProviderError'
  return new ValenceError(refused ? 'VAL_MODEL_REGISTRY_REFUSED' : 'VAL_MODEL_REGISTRY_UNAVAILABLE', detail, {
    cause: error,
  })
}

async function* chunksOf(output: GetObjectCommandOutput, uri: URL, signal: AbortSignal): AsyncIterable<Uint8Array> {
  try {
    if (output.Body) yield* output.Body as unknown as AsyncIterable<Uint8Array>
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw new ValenceError('VAL_MODEL_DOWNLOAD_TRUNCATED', redactUrl(uri), { cause: error })
  }
}

function keyOf(uri: URL): string {
  try {
    return decodeURIComponent(uri.pathname.slice(1))
  } catch (cause) {
    throw new ValenceError('VAL_MODEL_URI_REFUSED', `${redactUrl(uri)} is not UTF-8`, { cause })
  }
}

/** A manifest in an S3 bucket, and the files beside it. */
export async function createS3Source(manifest: URL, { prefixes, endpoint }: S3SourceOptions): Promise<ModelSource> {
  // No retries here: the download retries for all kinds of sources.
  const bucket = await openBucket(manifest.hostname, { endpoint, maxAttempts: 1 })

  async function get(uri: URL, extra: { Range?: string; IfNoneMatch?: string }, signal: AbortSignal) {
    allowedUri(uri, prefixes)
    return bucket.get({ Key: keyOf(uri), ...extra }, signal)
  }

  return {
    async readManifest(known, signal) {
      try {
        const output = await get(manifest, known === undefined ? {} : { IfNoneMatch: known }, signal)
        return { bytes: await readSmall(chunksOf(output, manifest, signal), redactUrl(manifest)), version: output.ETag }
      } catch (error) {
        if (httpStatusOf(error) === 304 && known !== undefined) return undefined
        throw error instanceof ValenceError ? error : failure(error, manifest, signal)
      }
    },
    async readSignature(signal) {
      const uri = new URL(`${manifest.href}.sig`)
      try {
        const output = await get(uri, {}, signal)
        return await readSmall(chunksOf(output, uri, signal), redactUrl(uri))
      } catch (error) {
        if (httpStatusOf(error) === 404) return undefined
        throw error instanceof ValenceError ? error : failure(error, uri, signal)
      }
    },
    async openFile(name, from, signal) {
      const uri = new URL(name, manifest)
      try {
        const output = await get(uri, from > 0 ? { Range: `bytes=${from}-` } : {}, signal).catch((error: unknown) => {
          // The file is now shorter than the local partial file.
          if (httpStatusOf(error) !== 416) throw error
          return get(uri, {}, signal)
        })
        const start = output.ContentRange === undefined ? 0 : rangeStart(output.ContentRange)
        if (start === 0 || start === from) return { from: start, chunks: chunksOf(output, uri, signal) }
        // A range with another offset cannot be used.
        return { from: 0, chunks: chunksOf(await get(uri, {}, signal), uri, signal) }
      } catch (error) {
        throw error instanceof ValenceError ? error : failure(error, uri, signal)
      }
    },
  }
}
