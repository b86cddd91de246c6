import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { type Seat, takeSeat } from '../../../src/services/instance-id-lease.ts'

const numberOf = (seat: Seat | undefined) => Number(seat?.name.slice(hostname().length + 1))

describe.runIf(process.platform === 'linux')('seats', () => {
  it('are taken from the first on, each by one holder', async () => {
    const group = randomUUID()
    const seats = await Promise.all([takeSeat(group), takeSeat(group), takeSeat(group)])
    expect(seats.map(numberOf).sort()).toEqual([0, 1, 2])
    expect(seats[0]?.name.startsWith(hostname())).toBe(true)
    await Promise.all(seats.map((seat) => seat?.close()))
  })

  it('are free again once left, lowest first', async () => {
    const group = randomUUID()
    const [first, second] = [await takeSeat(group), await takeSeat(group)]
    await first?.close()
    const third = await takeSeat(group)
    expect([second, third].map(numberOf)).toEqual([1, 0])
    await Promise.all([second?.close(), third?.close()])
  })

  it('belong to their group', async () => {
    const [one, two] = [await takeSeat(randomUUID()), await takeSeat(randomUUID())]
    expect([one, two].map(numberOf)).toEqual([0, 0])
    await Promise.all([one?.close(), two?.close()])
  })
})
