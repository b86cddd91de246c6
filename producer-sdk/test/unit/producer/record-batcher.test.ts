import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RecordBatcher, type Sized } from '../../../src/producer/record-batcher.ts'

interface Item extends Sized {
  readonly name: string
}

const item = (name: string, bytes = 1): Item => ({ name, bytes })

/** A batcher whose batches are carried out when `finish` is called. */
function createBatcher(options: Partial<ConstructorParameters<typeof RecordBatcher<Item>>[0]> = {}) {
  const batches: string[] = []
  const running: (() => void)[] = []
  const batcher = new RecordBatcher<Item>({
    deliver: (batch) => {
      batches.push(batch.map(({ name }) => name).join(''))
      return new Promise((resolve) => running.push(resolve))
    },
    lingerMs: 5,
    batchMaxRecords: 3,
    batchMaxBytes: 100,
    maxBufferedBytes: 1_000,
    ...options,
  })
  const finish = async () => {
    running.shift()?.()
    await vi.advanceTimersByTimeAsync(0)
  }
  return { batcher, batches, finish }
}

describe('RecordBatcher', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('lets a record wait for company, but not longer than the linger', async () => {
    const { batcher, batches } = createBatcher()
    batcher.add(item('a'))
    await vi.advanceTimersByTimeAsync(3)
    batcher.add(item('b'))
    expect(batches).toEqual([])
    await vi.advanceTimersByTimeAsync(2)
    expect(batches).toEqual(['ab'])
  })

  it('sends a full batch at once', () => {
    const { batcher, batches } = createBatcher()
    for (const name of 'abc') batcher.add(item(name))
    expect(batches).toEqual(['abc'])
  })

  it('closes a batch by bytes before the record that would exceed them', async () => {
    const { batcher, batches, finish } = createBatcher({ batchMaxBytes: 10 })
    batcher.add(item('a', 6))
    batcher.add(item('b', 6))
    expect(batches).toEqual(['a'])
    await finish()
    await vi.advanceTimersByTimeAsync(5)
    expect(batches).toEqual(['a', 'b'])
  })

  it('sends a record that is larger than a batch alone', async () => {
    const { batcher, batches, finish } = createBatcher({ batchMaxBytes: 10 })
    batcher.add(item('a', 50))
    batcher.add(item('b', 1))
    await finish()
    await vi.advanceTimersByTimeAsync(5)
    expect(batches).toEqual(['a', 'b'])
  })

  it('has one batch on its way, and gathers the next meanwhile', async () => {
    const { batcher, batches, finish } = createBatcher()
    for (const name of 'abcdef') batcher.add(item(name))
    await vi.advanceTimersByTimeAsync(50)
    expect(batches).toEqual(['abc'])
    await finish()
    expect(batches).toEqual(['abc', 'def'])
  })

  it('does not let records linger again that have waited for a batch', async () => {
    const { batcher, batches, finish } = createBatcher()
    for (const name of 'abcd') batcher.add(item(name))
    await vi.advanceTimersByTimeAsync(50)
    await finish()
    expect(batches).toEqual(['abc', 'd'])
  })

  it('makes producers wait when the buffer is full, and admits them in their order', async () => {
    const { batcher, batches, finish } = createBatcher({ maxBufferedBytes: 10, batchMaxRecords: 1 })
    const admitted: string[] = []
    for (const [name, bytes] of [
      ['a', 6],
      ['b', 6],
      ['c', 1],
    ] as const) {
      batcher.add(item(name, bytes)).then(() => admitted.push(name))
    }
    await vi.advanceTimersByTimeAsync(0)
    // c would fit, but must not overtake b.
    expect(admitted).toEqual(['a'])
    await finish()
    expect(admitted).toEqual(['a', 'b', 'c'])
    await finish()
    expect(batches).toEqual(['a', 'b', 'c'])
  })

  it('takes a record that is larger than the whole buffer once the buffer is empty', async () => {
    const { batcher, batches, finish } = createBatcher({ maxBufferedBytes: 10 })
    batcher.add(item('a', 5))
    batcher.add(item('b', 50))
    await vi.advanceTimersByTimeAsync(5)
    expect(batches).toEqual(['a'])
    await finish()
    await vi.advanceTimersByTimeAsync(5)
    expect(batches).toEqual(['a', 'b'])
  })

  it('stops lingering while somebody waits for room', () => {
    const { batcher, batches } = createBatcher({ maxBufferedBytes: 10, lingerMs: 1_000 })
    batcher.add(item('a', 9))
    batcher.add(item('b', 9))
    expect(batches).toEqual(['a'])
  })

  it('flushes what was handed in before, waiting records included, and nothing else', async () => {
    const { batcher, finish } = createBatcher({ maxBufferedBytes: 2, batchMaxRecords: 1, lingerMs: 1_000 })
    const flushed = vi.fn()
    for (const name of 'abc') batcher.add(item(name))
    batcher.flush().then(flushed)
    batcher.add(item('d'))
    await finish()
    await finish()
    expect(flushed).not.toHaveBeenCalled()
    await finish()
    expect(flushed).toHaveBeenCalled()
  })

  it('has nothing to flush when it is empty', async () => {
    await expect(createBatcher().batcher.flush()).resolves.toBeUndefined()
  })

  it('leaves no timer behind', async () => {
    const { batcher, finish } = createBatcher()
    batcher.add(item('a'))
    batcher.flush()
    await finish()
    expect(vi.getTimerCount()).toBe(0)
  })
})
