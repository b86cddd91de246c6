import { rm } from 'node:fs/promises'
import { isValenceError, ValenceError } from '@valence/schemas'
import { unlessAborted } from '../../platform/abort.ts'
import type { ModelManifest } from '../manifest.ts'
import type { ModelSource } from './model-source.ts'
import { type DownloadLimits, retryRequest, tooSlow, withDeadline } from './registry-limits.ts'
import { ResumableFile } from './resumable-file.ts'
import { storeFailure } from './store-failure.ts'

export type ModelFile = ModelManifest['files']['model']

export interface DownloadOptions {
  readonly source: ModelSource
  readonly limits: DownloadLimits
  /** Aborts the download. */
  readonly signal: AbortSignal
  /** First delay between attempts. */
  readonly retryMs?: number
  readonly onBytes?: (bytes: number) => void
}

/** A download from the registry into the store. */
interface Download extends DownloadOptions {
  readonly file: ModelFile
  readonly path: string
}

/**
 * Downloads a file to `path` and resumes an earlier partial download. The file is kept only if its length and digest
 * match the manifest. @throws VAL_MODEL_DOWNLOAD_TRUNCATED, VAL_MODEL_REGISTRY_*, VAL_MODEL_CHECKSUM_MISMATCH,
 * VAL_MODEL_STORE_FULL, VAL_MODEL_STORE_UNAVAILABLE, VAL_MODEL_URI_REFUSED, VAL_MODEL_MISSING
 */
export function downloadFile(file: ModelFile, path: string, options: DownloadOptions): Promise<void> {
  const download = { ...options, file, path }
  return retryRequest(() => attempt(download), options.signal, options.retryMs)
}

/** One attempt: open, complete, close. Received bytes stay on disk if the next attempt can resume them. */
async function attempt(download: Download): Promise<void> {
  const { file, path, signal } = download
  const partial = await ResumableFile.open(path, file.bytes)
  const wasResumed = partial.size > 0
  try {
    await complete(download, partial)
  } catch (error) {
    await partial.close()
    if (!isResumable(error, signal)) await rm(path, { force: true })
    // The partial file may be of another version: the next attempt downloads the whole file.
    if (wasResumed && isMismatch(error)) return attempt(download)
    throw error
  }
  await partial.close()
}

/** Downloads the missing bytes and verifies the whole file. */
async function complete(download: Download, partial: ResumableFile): Promise<void> {
  if (partial.size < download.file.bytes) await receiveRest(download, partial)
  verify(download.file, partial)
  await partial.sync().catch(storeFailure(download.path))
}

async function receiveRest(download: Download, partial: ResumableFile): Promise<void> {
  const end = new AbortController()
  const signal = AbortSignal.any([download.signal, end.signal])
  const chunks = await openRest(download, partial, signal)
  try {
    await append(download, chunks, partial, { signal, onIdle: (error) => end.abort(error) })
  } finally {
    // Ends the request if the file was not read to its end.
    end.abort(new ValenceError('VAL_MODEL_DOWNLOAD_TRUNCATED', download.file.path))
    void chunks.return?.()?.catch(() => undefined)
  }
}

/** Requests the bytes after the existing ones; if the source begins at another offset, the file is restarted. */
async function openRest(
  { source, limits, file }: Download,
  partial: ResumableFile,
  signal: AbortSignal,
): Promise<AsyncIterator<Uint8Array>> {
  const stream = await withDeadline(limits.connectMs, file.path, signal, (either) =>
    source.openFile(file.path, partial.size, AbortSignal.any([signal, either])),
  )
  if (stream.from !== partial.size) await partial.restart()
  return stream.chunks[Symbol.asyncIterator]()
}

interface Reading {
  readonly signal: AbortSignal
  /** The idle timeout has passed. */
  onIdle(error: ValenceError): void
}

/** Appends the received bytes, up to the length in the manifest. */
async function append(
  { file, path, limits, onBytes }: Download,
  chunks: AsyncIterator<Uint8Array>,
  partial: ResumableFile,
  { signal, onIdle }: Reading,
): Promise<void> {
  const idle = setTimeout(() => onIdle(tooSlow(file.path, limits.idleMs)), limits.idleMs)
  try {
    for (;;) {
      const next = await unlessAborted(chunks.next(), signal)
      if (next.done) return
      if (partial.size + next.value.length > file.bytes) throw mismatch(file, 'more bytes')
      await partial.append(next.value).catch(storeFailure(path))
      onBytes?.(next.value.length)
      idle.refresh()
    }
  } finally {
    clearTimeout(idle)
  }
}

/** @throws VAL_MODEL_DOWNLOAD_TRUNCATED, VAL_MODEL_CHECKSUM_MISMATCH */
function verify(file: ModelFile, partial: ResumableFile): void {
  if (partial.size < file.bytes) {
    const detail = `${file.path}: ${partial.size} of ${file.bytes} bytes came`
    throw new ValenceError('VAL_MODEL_DOWNLOAD_TRUNCATED', detail)
  }
  const digest = partial.digest()
  if (digest !== file.sha256) throw mismatch(file, `${partial.size} bytes and sha256 ${digest}`)
}

function mismatch(file: ModelFile, found: string): ValenceError {
  const stated = `the manifest says ${file.bytes} bytes and sha256 ${file.sha256}`
  return new ValenceError('VAL_MODEL_CHECKSUM_MISMATCH', `${file.path} has ${found}, ${stated}`)
}

function isMismatch(error: unknown): boolean {
  return isValenceError(error) && error.code === 'VAL_MODEL_CHECKSUM_MISMATCH'
}

/** The received bytes can be resumed: the download was aborted, or the error is retryable. */
function isResumable(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || (isValenceError(error) && error.retryable)
}
