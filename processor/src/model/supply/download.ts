import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { isValenceError, ValenceError } from '@valence/schemas'
import { unlessAborted } from '../../platform/abort.ts'
import { retryWhileRetryable } from '../../platform/retry.ts'
import type { ModelManifest } from '../manifest.ts'
import type { ModelSource } from './model-source.ts'
import { storeFailure } from './store-failure.ts'

export type ModelFile = ModelManifest['files']['model']

/** How long a registry may keep us waiting. */
export interface DownloadLimits {
  /** For the beginning of an answer. */
  readonly connectMs: number
  /** Between two pieces of an answer. */
  readonly idleMs: number
}

export interface DownloadOptions {
  readonly source: ModelSource
  readonly limits: DownloadLimits
  /** Ends the download for good. */
  readonly signal: AbortSignal
  /** Waits between attempts; the first of them. */
  readonly retryMs?: number
  readonly onBytes?: (bytes: number) => void
}

/** Tries again what may succeed later, a few times. */
export function persistently<T>(action: () => Promise<T>, signal: AbortSignal, retryMs = 250): Promise<T> {
  return retryWhileRetryable(action, { initialDelayMs: retryMs, maxDelayMs: 5_000, maxRetries: 3, signal })
}

function tooSlow(what: string, ms: number): ValenceError {
  return new ValenceError('VAL_MODEL_REGISTRY_TIMEOUT', `${what}: nothing came for ${ms} ms`)
}

/** Gives the action this long. @throws VAL_MODEL_REGISTRY_TIMEOUT */
export async function withDeadline<T>(
  ms: number,
  what: string,
  signal: AbortSignal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(tooSlow(what, ms)), ms)
  const either = AbortSignal.any([signal, late.signal])
  try {
    return await unlessAborted(action(either), either)
  } finally {
    clearTimeout(timer)
  }
}

/** A file that grows towards its digest. */
class ResumableFile {
  readonly #file: FileHandle
  #hash: Hash = createHash('sha256')
  size = 0

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Takes up what an earlier attempt left. */
  static async open(path: string, limit: number): Promise<ResumableFile> {
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    )
    if (size > limit) await rm(path, { force: true })
    const partial = new ResumableFile(await open(path, 'a').catch(storeFailure(path)))
    if (size > 0 && size <= limit) {
      for await (const chunk of createReadStream(path)) partial.#hash.update(chunk as Buffer)
      partial.size = size
    }
    return partial
  }

  async restart(): Promise<void> {
    await this.#file.truncate(0)
    this.#hash = createHash('sha256')
    this.size = 0
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#file.appendFile(chunk)
    this.#hash.update(chunk)
    this.size += chunk.length
  }

  digest(): string {
    return this.#hash.copy().digest('hex')
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

function mismatch(file: ModelFile, found: string): ValenceError {
  const stated = `the manifest says ${file.bytes} bytes and sha256 ${file.sha256}`
  return new ValenceError('VAL_MODEL_CHECKSUM_MISMATCH', `${file.path} has ${found}, ${stated}`)
}

async function receive(file: ModelFile, partial: ResumableFile, path: string, options: DownloadOptions): Promise<void> {
  const { source, limits } = options
  const idle = new AbortController()
  const signal = AbortSignal.any([options.signal, idle.signal])
  const stream = await withDeadline(limits.connectMs, file.path, signal, (either) =>
    source.openFile(file.path, partial.size, AbortSignal.any([signal, either])),
  )
  if (stream.from !== partial.size) await partial.restart()
  const chunks = stream.chunks[Symbol.asyncIterator]()
  const timer = setTimeout(() => idle.abort(tooSlow(file.path, limits.idleMs)), limits.idleMs)
  try {
    for (;;) {
      const next = await unlessAborted(chunks.next(), signal)
      if (next.done) return
      if (partial.size + next.value.length > file.bytes) throw mismatch(file, 'more bytes')
      await partial.append(next.value).catch(storeFailure(path))
      options.onBytes?.(next.value.length)
      timer.refresh()
    }
  } finally {
    clearTimeout(timer)
    // Ends the request where the file was left in the middle.
    idle.abort(new ValenceError('VAL_MODEL_DOWNLOAD_TRUNCATED', file.path))
    void chunks.return?.()?.catch(() => undefined)
  }
}

/** One attempt. What came stays for the next one, unless it cannot become the file. */
async function attempt(file: ModelFile, path: string, options: DownloadOptions): Promise<void> {
  const partial = await ResumableFile.open(path, file.bytes)
  const resumed = partial.size > 0
  try {
    if (partial.size < file.bytes) await receive(file, partial, path, options)
    if (partial.size < file.bytes) {
      const detail = `${file.path}: ${partial.size} of ${file.bytes} bytes came`
      throw new ValenceError('VAL_MODEL_DOWNLOAD_TRUNCATED', detail)
    }
    if (partial.digest() !== file.sha256) throw mismatch(file, `${partial.size} bytes and sha256 ${partial.digest()}`)
    await partial.sync().catch(storeFailure(path))
  } catch (error) {
    await partial.close()
    const isKept = options.signal.aborted || (isValenceError(error) && error.retryable)
    if (!isKept) await rm(path, { force: true })
    // The beginning may have been of another version of the file: from now on it is one piece.
    if (resumed && isValenceError(error) && error.code === 'VAL_MODEL_CHECKSUM_MISMATCH') {
      return attempt(file, path, options)
    }
    throw error
  }
  await partial.close()
}

/**
 * Fetches a file to `path`, resuming what an earlier attempt left there, and leaves it only if its length and digest
 * are the stated ones. @throws VAL_MODEL_DOWNLOAD_TRUNCATED, VAL_MODEL_REGISTRY_*, VAL_MODEL_CHECKSUM_MISMATCH,
 * VAL_MODEL_STORE_FULL, VAL_MODEL_STORE_UNAVAILABLE, VAL_MODEL_URI_REFUSED, VAL_MODEL_MISSING
 */
export function downloadFile(file: ModelFile, path: string, options: DownloadOptions): Promise<void> {
  return persistently(() => attempt(file, path, options), options.signal, options.retryMs)
}
