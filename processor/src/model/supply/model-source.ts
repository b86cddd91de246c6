import { ValenceError } from '@valence/schemas'

/** A manifest as it was found; `version` changes when it does (ETag, or size and time of change). */
export interface FoundManifest {
  readonly bytes: Buffer
  readonly version: string | undefined
}

/** The bytes of a file from `from` on. A source that cannot begin there begins at 0 and says so. */
export interface FileStream {
  readonly from: number
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * Where a manifest and the files beside it come from. It throws VAL_MODEL_MISSING for what is not there,
 * VAL_MODEL_URI_REFUSED for what lies outside the allow-list, VAL_MODEL_REGISTRY_REFUSED and
 * VAL_MODEL_REGISTRY_UNAVAILABLE. Aborting the signal ends a request with the signal's reason.
 */
export interface ModelSource {
  /** The manifest, or undefined when it still is the version that is known. */
  readManifest(known: string | undefined, signal: AbortSignal): Promise<FoundManifest | undefined>
  /** The detached signature, or undefined when there is none. */
  readSignature(signal: AbortSignal): Promise<Buffer | undefined>
  /** @param name a plain file name, beside the manifest */
  openFile(name: string, from: number, signal: AbortSignal): Promise<FileStream>
}

/** Where the bytes of a partial answer begin; NaN where it does not say. */
export function rangeStart(contentRange: string | null | undefined): number {
  return Number(/^bytes (\d+)-/.exec(contentRange ?? '')?.[1] ?? Number.NaN)
}

/** No manifest and no signature is larger. Chosen: a manifest has a few kilobytes, most of them golden texts. */
export const maxManifestBytes = 4 * 1_024 * 1_024

/** All of a manifest or signature, however long its sender says it is. @throws VAL_MODEL_TOO_LARGE */
export async function readSmall(chunks: AsyncIterable<Uint8Array>, what: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > maxManifestBytes) throw new ValenceError('VAL_MODEL_TOO_LARGE', `${what} does not end`)
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}
