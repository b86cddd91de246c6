import { describe, expect, it } from 'vitest'
import { decodeInstances, encodeInstances } from '../../../src/kafka/generation-instances.ts'

describe('the instances of a generation', () => {
  it('are told to every member', () => {
    const told = decodeInstances(encodeInstances(['a', 'b', 'ü-3']))
    expect(['a', 'b', 'ü-3', 'c', ''].map((name) => told?.has(name))).toEqual([true, true, true, false, false])
    expect(told?.hasOldMembers).toBe(false)
  })

  it('say that there are members which name none', () => {
    const told = decodeInstances(encodeInstances(['a', undefined]))
    expect([told?.has('a'), told?.hasOldMembers]).toEqual([true, true])
    expect(decodeInstances(encodeInstances([undefined]))?.hasOldMembers).toBe(true)
  })

  it('take 4 bytes each, however long their names are', () => {
    expect(encodeInstances(['x'.repeat(249), 'y'.repeat(249), 'y'.repeat(249)])).toHaveLength(2 + 2 * 4)
  })

  it('are left out where all lists together would fill the record of the group', () => {
    const members = (count: number) => Array.from({ length: count }, (_, index) => `instance-${index}`)
    expect(encodeInstances(members(250)).length * 250).toBeLessThan(256 * 1024)
    expect(decodeInstances(encodeInstances(members(250)))?.has('instance-249')).toBe(true)
    expect(encodeInstances(members(1_000))).toHaveLength(0)
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.of(1)],
    ['another version', Buffer.of(2, 0, 1, 2, 3, 4)],
    ['a broken hash', Buffer.of(1, 0, 1, 2, 3)],
    ['JSON', Buffer.from('{"v":1}')],
  ])('are unknown where the leader sends %s', (_, userData) => {
    expect(decodeInstances(userData)).toBeUndefined()
  })
})
