import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from './overlay/process-wide.ts'

/** What the batches of one partition in one fetch may unpack to. */
export interface DecompressionBudget {
  leftBytes: number
}

/** Thrown by a codec before it has unpacked more than is left. */
export class DecompressionLimitError extends Error {
  override readonly name = 'DecompressionLimitError'
}

const defaultMaxBytes = 32 * 1024 * 1024

// kafkajs has one table of codecs for the process, so the limit is one for the process as well.
const limit = processWide('decompression-limit', () => ({ maxBytes: defaultMaxBytes }))
const budgets = processWide('decompression-budgets', () => new AsyncLocalStorage<DecompressionBudget>())

/** The most that one record batch, and the batches of a partition in one fetch together, may unpack to. */
export function setDecompressionLimit(maxBytes: number): void {
  limit.maxBytes = maxBytes
}

export function decompressionLimit(): number {
  return limit.maxBytes
}

export function withinBudget<Result>(budget: DecompressionBudget, unpack: () => Promise<Result>): Promise<Result> {
  return budgets.run(budget, unpack)
}

/** Runs an unpacking that stops at `maxBytes`, and charges what came out. @throws DecompressionLimitError */
export async function unpackBounded(unpack: (maxBytes: number) => Promise<Buffer>): Promise<Buffer> {
  const budget = budgets.getStore()
  const maxBytes = budget?.leftBytes ?? limit.maxBytes
  if (maxBytes <= 0) throw new DecompressionLimitError()
  const unpacked = await unpack(maxBytes)
  if (unpacked.length > maxBytes) throw new DecompressionLimitError()
  if (budget) budget.leftBytes -= unpacked.length
  return unpacked
}

/** Charges what is made of unpacked bytes, where there is a budget. @throws DecompressionLimitError */
export function chargeBudget(bytes: number): void {
  const budget = budgets.getStore()
  if (budget === undefined) return
  budget.leftBytes -= bytes
  if (budget.leftBytes < 0) throw new DecompressionLimitError()
}
