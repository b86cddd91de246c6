import { ValenceError } from '@valence/schemas'

/** A manifest; `version` changes with its content (ETag, or size and modification time). */
export interface FoundManifest {
  readonly bytes: Buffer
  readonly version: string | undefined
}

/** The bytes of a file from offset `from`. A source that cannot begin there begins at 0 and sets `from` to 0. */
export interface FileStream {
  readonly from: number
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * Source of a manifest and the files beside it. Throws VAL_MODEL_MISSING for missing files, VAL_MODEL_URI_REFUSED for
 * URIs outside the allow-list, VAL_MODEL_REGISTRY_REFUSED and VAL_MODEL_REGISTRY_UNAVAILABLE. Aborting the signal ends
 * a request with the signal's reason.
 */
export interface ModelSource {
  /** The manifest, or undefined if it still has the known version. */
  readManifest(known: string | undefined, signal: AbortSignal): Promise<FoundManifest | undefined>
  /** The detached signature, or undefined if there is none. */
  readSignature(signal: AbortSignal): Promise<Buffer | undefined>
  /** @param name a plain file name, beside the manifest */
  openFile(name: string, from: number, signal: AbortSignal): Promise<FileStream>
}

/** First offset of a partial response; NaN if the response has none. */
export function rangeStart(contentRange: string | null | undefined): number {
  return Number(/^bytes (\d+)-/.exec(contentRange ?? '')?.[1] ?? Number.NaN)
}

/** Maximum size of a manifest or signature. Chosen: a manifest has a few kilobytes, most of them golden texts. */
export const maxManifestBytes = 4 * 1_024 * 1_024

/** Reads a whole manifest or signature; ignores the announced length. @throws VAL_MODEL_TOO_LARGE */
export async function readSmall(chunks: AsyncIterable<Uint8Array>, what: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > maxManifestBytes)
      throw new ValenceError('VAL_MODEL_TOO_LARGE', `${what} has more than ${maxManifestBytes} bytes`)
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}
