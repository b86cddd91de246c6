import { crc32 } from 'node:zlib'
import type { TextScore } from '../text-score.ts'
import type { ScoreCache } from './score-cache.ts'

/** Bytes by key, outside this process. It never fails: an error counts as a miss. */
export interface ByteStore {
  getMany(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]>
  setMany(entries: readonly (readonly [key: string, value: Buffer])[]): void
  close(): Promise<void>
}

/**
 * Format byte, flags, tokens, checksum; then a double per label, so that a cached score equals the computed one to the
 * bit. The checksum is over the key as well: a value that came back for another key would be another text's score.
 */
const format = 2
const checksumAt = 6
const headerBytes = 10

function checksum(key: string, bytes: Buffer): number {
  return crc32(bytes.subarray(headerBytes), crc32(bytes.subarray(0, checksumAt), crc32(key)))
}

export function encodeScore(key: string, { probabilities, tokens, truncated }: TextScore): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + 8 * probabilities.length)
  bytes.writeUInt8(format, 0)
  bytes.writeUInt8(truncated ? 1 : 0, 1)
  bytes.writeUInt32LE(tokens, 2)
  probabilities.forEach((value, index) => {
    bytes.writeDoubleLE(value, headerBytes + 8 * index)
  })
  bytes.writeUInt32LE(checksum(key, bytes), checksumAt)
  return bytes
}

/** The score, or undefined for bytes of another key, another version or another program, and for damaged ones. */
export function decodeScore(key: string, bytes: Buffer): TextScore | undefined {
  if (bytes.length <= headerBytes || (bytes.length - headerBytes) % 8 !== 0 || bytes[0] !== format) return undefined
  if (bytes.readUInt32LE(checksumAt) !== checksum(key, bytes)) return undefined
  const labels = (bytes.length - headerBytes) / 8
  const probabilities = Array.from({ length: labels }, (_, index) => bytes.readDoubleLE(headerBytes + 8 * index))
  if (!probabilities.every((value) => value >= 0 && value <= 1)) return undefined
  return { probabilities, tokens: bytes.readUInt32LE(2), truncated: bytes[1] === 1 }
}

/** A score cache over a byte store that processes share. */
export function createSharedCache(store: ByteStore): ScoreCache {
  return {
    async getMany(keys) {
      if (keys.length === 0) return []
      const values = await store.getMany(keys)
      return values.map((value, index) => value && decodeScore(keys[index] as string, value))
    },
    setMany(entries) {
      if (entries.length > 0) store.setMany(entries.map(([key, score]) => [key, encodeScore(key, score)] as const))
    },
    close: () => store.close(),
  }
}
