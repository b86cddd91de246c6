import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from './overlay/process-wide.ts'

/** Budget for the decompressed size of the batches of one partition in one fetch. */
export interface DecompressionBudget {
  leftBytes: number
}

/** Thrown by a codec before it exceeds the remaining budget. */
export class DecompressionLimitError extends Error {
  override readonly name = 'DecompressionLimitError'
}

const defaultMaxBytes = 32 * 1024 * 1024

// kafkajs has one codec table per process, so the limit is per process too.
const limit = processWide('decompression-limit', () => ({ maxBytes: defaultMaxBytes }))
const budgets = processWide('decompression-budgets', () => new AsyncLocalStorage<DecompressionBudget>())

/** Sets the maximum decompressed size of one record batch, and of all batches of a partition in one fetch. */
export function setDecompressionLimit(maxBytes: number): void {
  limit.maxBytes = maxBytes
}

export function decompressionLimit(): number {
  return limit.maxBytes
}

export function withinBudget<Result>(budget: DecompressionBudget, unpack: () => Promise<Result>): Promise<Result> {
  return budgets.run(budget, unpack)
}

/** Runs a decompression that stops at `maxBytes`, and charges its output. @throws DecompressionLimitError */
export async function unpackBounded(unpack: (maxBytes: number) => Promise<Buffer>): Promise<Buffer> {
  const budget = budgets.getStore()
  const maxBytes = budget?.leftBytes ?? limit.maxBytes
  if (maxBytes <= 0) throw new DecompressionLimitError()
  const unpacked = await unpack(maxBytes)
  if (unpacked.length > maxBytes) throw new DecompressionLimitError()
  if (budget) budget.leftBytes -= unpacked.length
  return unpacked
}

/** Charges the size of objects made from decompressed bytes, if there is a budget. @throws DecompressionLimitError */
export function chargeBudget(bytes: number): void {
  const budget = budgets.getStore()
  if (budget === undefined) return
  budget.leftBytes -= bytes
  if (budget.leftBytes < 0) throw new DecompressionLimitError()
}
