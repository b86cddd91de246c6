import { ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { decodePosition, encodePosition, finishedAt } from '../../../src/jobs/bulk/job-position.ts'
import { type SettlingOptions, SettlingSession } from '../../../src/jobs/settling-session.ts'
import type { PartitionSession } from '../../../src/kafka/partition-session.ts'

/** A partition in memory: `refuses` decides of values, and a session is spent after an error, as the real ones are. */
function fakePartition(refuses: (value: string) => string | undefined) {
  const state = { position: undefined as bigint | undefined, written: [] as string[], opened: 0 }
  const open = async (): Promise<PartitionSession> => {
    state.opened += 1
    let isSpent = false
    return {
      locate: () => Promise.reject(new Error('not asked')),
      position: async () => state.position,
      async publish(records, nextOffset) {
        if (isSpent) throw new Error('spent')
        const values = records.map(({ value }) => String(value))
        const code = values.map(refuses).find((own) => own !== undefined)
        if (code !== undefined) {
          isSpent = true
          throw new ValenceError(code as never)
        }
        state.written.push(...values)
        state.position = nextOffset
      },
      close: async () => undefined,
    }
  }
  return { state, open }
}

function records(...values: string[]) {
  return values.map((value, index) => ({
    record: { topic: 't', partition: 0, key: null, value: Buffer.from(value), headers: [] },
    nextOffset: BigInt(index + 1),
  }))
}

type Opening = Pick<SettlingOptions, 'encode'> & { readonly open: () => Promise<PartitionSession> }

async function settle({ open, ...more }: Opening, given: ReturnType<typeof records>, nextOffset: bigint) {
  const session = await SettlingSession.open({ session: await open(), reopen: open, ...more })
  const refused: string[] = []
  const published = await session.publish(given, nextOffset, ({ nextOffset: after }, { code }) =>
    refused.push(`${after - 1n} ${code}`),
  )
  return { published, refused, session }
}

describe('SettlingSession', () => {
  it('publishes in one go what nobody refuses', async () => {
    const { state, open } = fakePartition(() => undefined)
    expect(await settle({ open }, records('a', 'b'), 7n)).toMatchObject({ published: 2, refused: [] })
    expect(state).toEqual({ position: 7n, written: ['a', 'b'], opened: 1 })
  })

  it.each(['VAL_RECORD_REFUSED_BY_BROKER', 'VAL_RECORD_TOO_LARGE_TO_PUBLISH'])(
    'passes over those that end in %s, names them, and publishes the others in order',
    async (code) => {
      const { state, open } = fakePartition((value) => (value.startsWith('x') ? code : undefined))
      const given = records('x0', 'a', 'b', 'x3', 'x4', 'c', 'd', 'x7')
      const { published, refused } = await settle({ open }, given, 10n)
      expect(published).toBe(4)
      expect(refused).toEqual(['0', '3', '4', '7'].map((offset) => `${offset} ${code}`))
      expect(state).toMatchObject({ position: 10n, written: ['a', 'b', 'c', 'd'] })
    },
  )

  it.each(['VAL_KAFKA_TRANSACTION_FAILED', 'VAL_KAFKA_FENCED', 'VAL_KAFKA_TOPIC_MISSING'])(
    'blames no record for %s',
    async (code) => {
      const { state, open } = fakePartition((value) => (value === 'x' ? code : undefined))
      await expect(settle({ open }, records('a', 'x'), 2n)).rejects.toMatchObject({ code })
      expect(state.written).toEqual([])
    },
  )

  it('ends where another run has settled something meanwhile', async () => {
    const { state, open } = fakePartition((value) => (value === 'x' ? 'VAL_RECORD_REFUSED_BY_BROKER' : undefined))
    const given = records('a', 'x')
    const openAfterAnother = async () => {
      if (state.opened > 0) state.position = 1n
      return open()
    }
    await expect(settle({ open: openAfterAnother }, given, 2n)).rejects.toMatchObject({ code: 'VAL_KAFKA_FENCED' })
    expect(state.written).toEqual([])
  })

  it('commits the number of refused lines of a job with its position', async () => {
    const { state, open } = fakePartition((value) => (value === 'x' ? 'VAL_RECORD_REFUSED_BY_BROKER' : undefined))
    const { session } = await settle({ open, encode: encodePosition }, records('a', 'x', 'b', 'x'), 4n)
    expect(decodePosition(state.position ?? 0n)).toEqual({ lines: 4n, refused: 2, isFinished: false })
    await session.publish([], finishedAt(4n), () => undefined)
    expect(decodePosition(state.position ?? 0n)).toEqual({ lines: 4n, refused: 2, isFinished: true })
  })
})

describe('the position of a job', () => {
  it('reads what earlier versions committed', () => {
    expect(decodePosition(12n)).toEqual({ lines: 12n, refused: 0, isFinished: false })
    expect(decodePosition((1n << 50n) + 12n)).toEqual({ lines: 12n, refused: 0, isFinished: true })
  })

  it('stays an offset that a broker takes, and ends a job in which nothing is taken', () => {
    expect(encodePosition(finishedAt(2n ** 50n - 1n), 4_095)).toBeLessThan(2n ** 63n)
    expect(() => encodePosition(1n, 4_096)).toThrow(expect.objectContaining({ code: 'VAL_RECORD_REFUSED_BY_BROKER' }))
  })
})
