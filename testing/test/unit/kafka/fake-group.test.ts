import { FakeGroup } from '@valence/testing/kafka/fake-group'
import { describe, expect, it } from 'vitest'

const partition = { topic: 'texts', partition: 0 }
const offset = { ...partition, offset: 7n, metadata: 'lane' }

describe('FakeGroup', () => {
  it('commits what a transaction of a member sent, and calls it unstable until then', () => {
    const group = new FakeGroup()
    const member = group.join()
    expect(group.read([partition])).toEqual([{ ...partition, state: 'none' }])
    group.send('lane', [offset], member)
    expect(group.read([partition])).toEqual([{ ...partition, state: 'unstable' }])
    group.end('lane', 'commit')
    expect(group.read([partition])).toEqual([{ ...offset, state: 'committed' }])
    group.send('lane', [{ ...offset, offset: 9n }], member)
    group.end('lane', 'abort')
    expect(group.read([partition])).toEqual([{ ...offset, state: 'committed' }])
  })

  it('refuses an earlier generation until its member has joined again', () => {
    const group = new FakeGroup()
    const member = group.join()
    const second = group.join()
    expect(() => group.send('lane', [offset], member)).toThrow('ILLEGAL_GENERATION')
    group.send('lane', [offset], group.current(member))
    group.leave(second)
    expect(() => group.send('lane', [offset], second)).toThrow('UNKNOWN_MEMBER_ID')
  })

  it('gives a static member its place back, and refuses its earlier life', () => {
    const group = new FakeGroup()
    const before = group.join('one')
    const again = group.join('one')
    expect(again.generationId).toBe(before.generationId)
    expect(() => group.send('lane', [offset], before)).toThrow('FENCED_INSTANCE_ID')
    group.send('lane', [offset], again)
  })

  it('ends transactions of former members, and checks nothing that names none', () => {
    const group = new FakeGroup()
    const member = group.join()
    group.send('lane', [offset], member)
    group.join()
    group.end('lane', 'commit')
    expect(group.read([partition])).toMatchObject([{ state: 'committed', offset: 7n }])
    group.send('zombie', [offset])
  })
})
