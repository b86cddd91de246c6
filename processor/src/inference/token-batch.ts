import type { TokenBatch } from './backend.ts'

/** Packs rows of token ids into a rectangle as wide as the longest, rounded up to a multiple of `widthStep`. */
export function packTokens(rows: readonly Int32Array[], padTokenId: number, widthStep = 1): TokenBatch {
  const longest = rows.reduce((most, ids) => Math.max(most, ids.length), 1)
  const width = Math.ceil(longest / widthStep) * widthStep
  const ids = new Int32Array(rows.length * width)
  if (padTokenId !== 0) ids.fill(padTokenId)
  const lengths = new Int32Array(rows.length)
  rows.forEach((row, index) => {
    ids.set(row, index * width)
    lengths[index] = row.length
  })
  return { ids, lengths, rows: rows.length, width }
}
