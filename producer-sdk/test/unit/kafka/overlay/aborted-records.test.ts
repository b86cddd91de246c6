import { describe, expect, it } from 'vitest'
import {
  type AbortedTransaction,
  type FetchedRecord,
  filterAbortedRecords,
} from '../../../../src/kafka/overlay/aborted-records.ts'
import { stockModule } from '../../../support/stock-kafkajs.ts'

type Filter = typeof filterAbortedRecords

const stockFilter = stockModule<Filter>('consumer/filterAbortedMessages.js')

/** A partition in shorthand: `a` a record of producer a, `-a` its abort marker, `+a` its commit marker. */
function partition(layout: string): FetchedRecord[] {
  return layout.split(' ').map((entry, index) => {
    const marker = /^[+-]/.exec(entry)?.[0]
    const type = marker === '-' ? 0 : 1
    return {
      offset: String(index),
      key: marker === undefined ? null : Buffer.from([0, 0, 0, type]),
      isControlRecord: marker !== undefined,
      batchContext: { producerId: entry.replace(/^[+-]/, ''), inTransaction: true },
    }
  })
}

function survivors(filter: Filter, messages: FetchedRecord[], abortedTransactions: AbortedTransaction[]): string[] {
  return filter({ messages, abortedTransactions })
    .filter(({ isControlRecord }) => !isControlRecord)
    .map(({ offset, batchContext }) => batchContext.producerId + offset)
}

/** The list as the broker writes it: by the offset of the markers. */
function abortedIn(messages: FetchedRecord[]): AbortedTransaction[] {
  const firstOffsets = new Map<string, string>()
  return messages.flatMap(({ offset, key, isControlRecord, batchContext: { producerId } }) => {
    if (!isControlRecord) {
      if (!firstOffsets.has(producerId)) firstOffsets.set(producerId, offset)
      return []
    }
    const firstOffset = firstOffsets.get(producerId) ?? offset
    firstOffsets.delete(producerId)
    return key?.[3] === 0 ? [{ producerId, firstOffset }] : []
  })
}

describe('filterAbortedRecords', () => {
  it('keeps everything where nothing was aborted', () => {
    const messages = partition('a b +a +b')
    expect(filterAbortedRecords({ messages, abortedTransactions: [] })).toBe(messages)
    expect(filterAbortedRecords({ messages, abortedTransactions: null })).toBe(messages)
  })

  it('drops an aborted transaction and keeps those around it', () => {
    const messages = partition('a b a -b b +a +b')
    expect(survivors(filterAbortedRecords, messages, abortedIn(messages))).toEqual(['a0', 'a2', 'b4'])
  })

  it('F: holds where a transaction that began first ends last; stock kafkajs leaks', () => {
    const messages = partition('a b b -b a -a c +c')
    expect(survivors(stockFilter, messages, abortedIn(messages))).toContain('a0')
    expect(survivors(filterAbortedRecords, messages, abortedIn(messages))).toEqual(['c6'])
  })

  it('F: holds where several have begun before the first record of the fetch; stock kafkajs leaks', () => {
    const whole = partition('a b c c b a -a -b -c')
    const fetched = whole.slice(3)
    expect(survivors(stockFilter, fetched, abortedIn(whole)).length).toBeGreaterThan(0)
    expect(survivors(filterAbortedRecords, fetched, abortedIn(whole))).toEqual([])
  })

  it("F: is not fooled by a user's key of four zero bytes; stock kafkajs takes it for an abort marker", () => {
    const messages = partition('a a a -a')
    const forged = messages.map((message, index) => (index === 1 ? { ...message, key: Buffer.alloc(4) } : message))
    expect(survivors(stockFilter, forged, abortedIn(messages))).toEqual(['a1', 'a2'])
    expect(survivors(filterAbortedRecords, forged, abortedIn(messages))).toEqual([])
  })

  it('keeps records that are in no transaction', () => {
    const messages = partition('a a -a').map((message, index) =>
      index === 1 ? { ...message, batchContext: { ...message.batchContext, inTransaction: false } } : message,
    )
    expect(survivors(filterAbortedRecords, messages, [{ producerId: 'a', firstOffset: '0' }])).toEqual(['a1'])
  })

  it('compares offsets as 64-bit numbers', () => {
    const messages = partition('a -a').map((message, index) => ({ ...message, offset: `900719925474099${index + 3}` }))
    expect(survivors(filterAbortedRecords, messages, [{ producerId: 'a', firstOffset: '9007199254740994' }])).toEqual([
      'a9007199254740993',
    ])
  })

  it('agrees with the markers on random interleavings', () => {
    let seed = 1
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    for (let round = 0; round < 200; round += 1) {
      const { layout, committed } = randomPartition(random)
      const messages = partition(layout)
      expect(survivors(filterAbortedRecords, messages, abortedIn(messages)), layout).toEqual(committed)
    }
  })
})

/** Four producers, transactions interleaved; the records of committed ones, by the same shorthand. */
function randomPartition(random: (below: number) => number): { layout: string; committed: string[] } {
  const open = new Map<string, string[]>()
  const entries: string[] = []
  const committed: string[] = []
  const end = (producer: string) => {
    const isCommit = random(3) > 0
    if (isCommit) committed.push(...(open.get(producer) ?? []))
    entries.push((isCommit ? '+' : '-') + producer)
    open.delete(producer)
  }
  for (let i = 0; i < 40; i += 1) {
    const producer = 'abcd'.charAt(random(4))
    if (open.has(producer) && random(4) === 0) {
      end(producer)
    } else {
      open.set(producer, [...(open.get(producer) ?? []), producer + entries.length])
      entries.push(producer)
    }
  }
  for (const producer of [...open.keys()]) end(producer)
  committed.sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))
  return { layout: entries.join(' '), committed }
}
