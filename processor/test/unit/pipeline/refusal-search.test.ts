import { ValenceError } from '@valence/schemas'
import { recordBatch } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import { RefusalSearch } from '../../../src/pipeline/refusal-search.ts'

const error = new ValenceError('VAL_RECORD_REFUSED_BY_BROKER', 'INVALID_RECORD')

/** Publishes a log of `length` records in which `bad` ones are refused until they go as a letter. */
function publish(length: number, bad: ReadonlySet<number>, most = 1_000) {
  const search = new RefusalSearch()
  const letters: number[] = []
  let refusals = 0
  let transactions = 0
  for (let at = 0; at < length; ) {
    const end = Math.min(at + search.limit(BigInt(at), most), length)
    const slice = recordBatch(at, end)
    const isLetter = search.refusalOf(slice) !== undefined
    const isRefused = !isLetter && slice.records.some(({ offset }) => bad.has(Number(offset)))
    if (isRefused) {
      refusals += 1
      // Without an end the run would hang instead of failing.
      if (refusals > 2 * length) throw new Error('the search does not end')
      search.refused(slice, error)
      continue
    }
    if (isLetter) letters.push(at)
    transactions += 1
    search.published(slice)
    at = end
  }
  return { letters, refusals, transactions }
}

describe('the search for a refused record', () => {
  it('is no search where nothing is refused', () => {
    expect(publish(3_000, new Set())).toEqual({ letters: [], refusals: 0, transactions: 3 })
  })

  it.each([0, 1, 499, 500, 998, 999])('finds record %i of 1,000 within eleven refusals', (bad) => {
    const { letters, refusals } = publish(1_000, new Set([bad]))
    expect(letters).toEqual([bad])
    expect(refusals).toBeLessThanOrEqual(11)
  })

  it('finds each of several, and goes back to whole slices', () => {
    const bad = new Set([3, 4, 700, 5_000])
    const { letters, refusals, transactions } = publish(10_000, bad)
    expect(letters).toEqual([...bad])
    expect(refusals).toBeLessThan(50)
    expect(transactions).toBeLessThan(80)
  })

  it('costs one refusal each where all are refused', () => {
    const { letters, refusals } = publish(300, new Set(Array.from({ length: 300 }, (_, index) => index)))
    expect(letters).toHaveLength(300)
    expect(refusals).toBeLessThan(300 + 12)
  })

  it('counts how often one was refused in a row, and forgets it when told to', () => {
    const search = new RefusalSearch()
    const only = recordBatch(5, 6)
    expect([1, 2, 3].map(() => search.refused(only, error)?.times)).toEqual([1, 2, 3])
    expect(search.refusalOf(only)).toMatchObject({ code: error.code, detail: 'INVALID_RECORD', times: 3 })
    expect(search.refusalOf(recordBatch(6, 7))).toBeUndefined()
    search.forget()
    expect(search.refusalOf(only)).toBeUndefined()
    expect(search.limit(5n, 100)).toBe(1)
  })

  it('halves the slices up to the end of the one that was refused', () => {
    const search = new RefusalSearch()
    search.refused(recordBatch(0, 1_000), error)
    expect(search.limit(0n, 1_000)).toBe(500)
    search.published(recordBatch(0, 500))
    expect([500n, 999n, 1_000n].map((next) => search.limit(next, 1_000))).toEqual([250, 250, 1_000])
  })

  it('searches no longer once everything up to that end is published, gaps in the offsets or not', () => {
    for (const rest of [recordBatch(2, 4), { ...recordBatch(2, 3), nextOffset: 4n }]) {
      const search = new RefusalSearch()
      search.refused(recordBatch(0, 4), error)
      search.published(recordBatch(0, 2))
      expect(search.limit(2n, 100)).toBe(1)
      search.published(rest)
      expect(search.limit(3n, 100)).toBe(100)
    }
  })

  it('doubles the slices after it has found one, and limits none from 1,024 records on', () => {
    const search = new RefusalSearch()
    search.refused(recordBatch(0, 1), error)
    search.published(recordBatch(0, 1))
    const limits: number[] = []
    for (let at = 1; limits.length < 12; at += limits.at(-1) ?? 0) {
      const limit = search.limit(BigInt(at), 5_000)
      limits.push(limit)
      search.published(recordBatch(at, at + limit))
    }
    expect(limits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 5_000, 5_000])
  })

  it('remembers a refusal until the record itself is published', () => {
    const search = new RefusalSearch()
    search.refused(recordBatch(5, 6), error)
    search.published(recordBatch(3, 5))
    expect(search.refusalOf(recordBatch(5, 6))).toMatchObject({ times: 1 })
    search.published(recordBatch(5, 6))
    expect(search.refusalOf(recordBatch(5, 6))).toBeUndefined()
  })

  it('knows a refusal of a slice only where it is of one record, and of none where there are no records', () => {
    const search = new RefusalSearch()
    search.refused(recordBatch(5, 6), error)
    expect(search.refusalOf(recordBatch(5, 7))).toBeUndefined()
    const empty = { ...recordBatch(5, 6), records: [], nextOffset: 9n }
    expect(search.refusalOf(empty)).toBeUndefined()
    expect(search.refused(empty, error)).toBeUndefined()
  })
})
