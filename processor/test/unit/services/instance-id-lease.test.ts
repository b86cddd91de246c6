import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { type InstanceIdLease, leaseInstanceId } from '../../../src/services/instance-id-lease.ts'

const numberOf = (lease: InstanceIdLease | undefined) => Number(lease?.name.slice(hostname().length + 1))

describe.runIf(process.platform === 'linux')('leases', () => {
  it('are taken from the first on, each by one holder', async () => {
    const group = randomUUID()
    const leases = await Promise.all([leaseInstanceId(group), leaseInstanceId(group), leaseInstanceId(group)])
    expect(leases.map(numberOf).sort()).toEqual([0, 1, 2])
    expect(leases[0]?.name.startsWith(hostname())).toBe(true)
    await Promise.all(leases.map((lease) => lease?.close()))
  })

  it('are free again once left, lowest first', async () => {
    const group = randomUUID()
    const [first, second] = [await leaseInstanceId(group), await leaseInstanceId(group)]
    await first?.close()
    const third = await leaseInstanceId(group)
    expect([second, third].map(numberOf)).toEqual([1, 0])
    await Promise.all([second?.close(), third?.close()])
  })

  it('belong to their group', async () => {
    const [one, two] = [await leaseInstanceId(randomUUID()), await leaseInstanceId(randomUUID())]
    expect([one, two].map(numberOf)).toEqual([0, 0])
    await Promise.all([one?.close(), two?.close()])
  })
})
