import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

export interface FileDigest {
  /** 64 hex digits. */
  readonly sha256: string
  readonly bytes: number
}

/** SHA-256 of a file, read through one small buffer: a graph is large, and memory of Buffers is collected late. */
export async function fileDigest(path: string): Promise<FileDigest> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafeSlow(1 << 18)
  const file = await open(path)
  try {
    for (let bytes = 0; ; ) {
      const { bytesRead } = await file.read(buffer)
      if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes }
      hash.update(buffer.subarray(0, bytesRead))
      bytes += bytesRead
    }
  } finally {
    await file.close()
  }
}
