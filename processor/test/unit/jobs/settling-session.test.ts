import { ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { type SettlingOptions, SettlingSession } from '../../../src/jobs/settling-session.ts'
import type { LineProgress } from '../../../src/kafka/line-progress.ts'
import type { PartitionSession } from '../../../src/kafka/partition-session.ts'

/** A partition in memory: `refuses` decides of values, and a session is spent after an error, as the real ones are. */
function fakePartition(refuses: (value: string) => string | undefined) {
  const state = {
    position: undefined as bigint | undefined,
    lineProgress: undefined as LineProgress | undefined,
    committedTopicId: 'now',
    written: [] as string[],
    opened: 0,
  }
  const open = async (): Promise<PartitionSession> => {
    state.opened += 1
    let isSpent = false
    return {
      locate: async () => ({
        offset: state.position,
        lineProgress: state.lineProgress,
        topicId: 'now',
        committedTopicId: state.committedTopicId,
        isYounger: false,
        hadPredecessor: false,
      }),
      position: async () => state.position,
      async publish(records, nextOffset, lineProgress) {
        if (isSpent) throw new Error('spent')
        const values = records.map(({ value }) => String(value))
        const code = values.map(refuses).find((own) => own !== undefined)
        if (code !== undefined) {
          isSpent = true
          throw new ValenceError(code as never)
        }
        state.written.push(...values)
        state.position = nextOffset
        state.lineProgress = lineProgress
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

type Opening = Pick<SettlingOptions, 'progressOf'> & { readonly open: () => Promise<PartitionSession> }

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
    expect(state).toMatchObject({ position: 7n, lineProgress: undefined, written: ['a', 'b'], opened: 1 })
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

  it('commits the progress of a job with each position, and its end', async () => {
    const { state, open } = fakePartition((value) => (value === 'x' ? 'VAL_RECORD_REFUSED_BY_BROKER' : undefined))
    const progressOf = (lines: bigint, refused: number, isFinished: boolean) => ({ lines, refused, isFinished })
    const { session } = await settle({ open, progressOf }, records('a', 'x', 'b', 'x'), 4n)
    expect(state).toMatchObject({ position: 4n, lineProgress: { lines: 4n, refused: 2, isFinished: false } })
    await session.finish(4n)
    expect(state).toMatchObject({ position: 4n, lineProgress: { lines: 4n, refused: 2, isFinished: true } })
  })

  it('knows what an earlier run committed, but not for an earlier topic of the name', async () => {
    const { state, open } = fakePartition(() => undefined)
    state.position = 4n
    state.lineProgress = { lines: 4n, refused: 1, isFinished: false }
    const { committed } = await SettlingSession.open({ session: await open(), reopen: open })
    expect(committed).toEqual({ offset: 4n, lineProgress: { lines: 4n, refused: 1, isFinished: false } })
    state.committedTopicId = 'old'
    expect((await SettlingSession.open({ session: await open(), reopen: open })).committed).toBeUndefined()
  })
})
