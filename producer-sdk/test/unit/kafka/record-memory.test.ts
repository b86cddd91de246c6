import { describe, expect, it } from 'vitest'
import { RecordMemory } from '../../../src/kafka/record-memory.ts'

const megabyte = 1024 * 1024

function memoryFor(partitions: number): RecordMemory {
  const memory = new RecordMemory()
  memory.maxBytes = 64 * megabyte
  memory.report({}, partitions, 0)
  return memory
}

describe('the memory for records', () => {
  it('is shared evenly by the partitions of all consumers, however many', () => {
    for (const partitions of [1, 8, 240]) {
      const memory = memoryFor(partitions)
      expect(memory.shareBytes).toBe((16 * megabyte) / partitions)
      memory.report({}, partitions, 1)
      expect(memory.shareBytes).toBe((8 * megabyte) / partitions)
      // The first consumer ended long ago.
      memory.report({}, partitions, 90_000)
      expect(memory.shareBytes).toBe((16 * megabyte) / partitions)
    }
  })

  it('counts what is held until it is released, once', () => {
    const memory = memoryFor(16)
    const [small, large] = [memory.hold(megabyte), memory.hold(20 * megabyte)]
    expect([memory.heldBytes, memory.roomForLarge]).toEqual([21 * megabyte, 12 * megabyte])
    small.release()
    small.release()
    expect(memory.heldBytes).toBe(20 * megabyte)
    large.release()
    expect([memory.heldBytes, memory.roomForLarge]).toEqual([0, Number.POSITIVE_INFINITY])
  })

  it('lets one batch through that is larger than all of it, and no other beside it', () => {
    const memory = memoryFor(1)
    const huge = memory.hold(100 * megabyte)
    expect(memory.roomForLarge).toBeLessThan(0)
    huge.release()
    expect(memory.roomForLarge).toBe(Number.POSITIVE_INFINITY)
  })

  it('wakes who waits with the next release', async () => {
    const memory = memoryFor(1)
    const hold = memory.hold(1)
    const woken = memory.released(60_000)
    hold.release()
    await woken
    await memory.released(1)
  })

  it('does one thing at a time, and goes on after a failure', async () => {
    const memory = memoryFor(1)
    const done: number[] = []
    const gate = Promise.withResolvers<void>()
    const first = memory.inTurn(() => gate.promise.then(() => done.push(1)))
    const second = memory.inTurn(async () => {
      done.push(2)
      throw new Error('broken')
    })
    const third = memory.inTurn(async () => done.push(3))
    gate.resolve()
    await expect(second).rejects.toThrow('broken')
    await Promise.all([first, third])
    expect(done).toEqual([1, 2, 3])
  })
})
