import { ValenceError } from '@valence/schemas'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { type ConsumeOptions, consumeScores } from '../../../src/jobs/consume-scores.ts'

interface Given {
  readonly groupId: string
  readonly commit: string
  readonly handler: (event: unknown) => Promise<void>
  readonly onInvalid: (error: ValenceError, meta: unknown) => void
}

/** A consumer that hands on `events` once it is started, one after another, until it is stopped. */
const topic = vi.hoisted(() => ({ events: [] as unknown[], refusals: 0, given: [] as Given[], stops: [] as unknown[] }))

async function handOn(given: Given, isStopped: () => boolean): Promise<void> {
  for (const event of topic.events) {
    if (isStopped()) return
    if (event === 'crash') throw new ValenceError('VAL_KAFKA_CONSUMER_CRASHED')
    if (event === 'invalid') given.onInvalid(new ValenceError('VAL_RECORD_INVALID'), {})
    else await given.handler(event)
  }
}

vi.mock('@valence/producer-sdk', () => ({
  createScoreConsumer(given: Given) {
    topic.given.push(given)
    let isStopped = false
    const { promise: done, reject } = Promise.withResolvers<void>()
    done.catch(() => undefined)
    return {
      done,
      async start() {
        if (topic.refusals > 0) {
          topic.refusals -= 1
          throw new ValenceError('VAL_KAFKA_UNREACHABLE')
        }
        setImmediate(() => handOn(given, () => isStopped).catch(reject))
      },
      async stop(how?: unknown) {
        isStopped = true
        topic.stops.push(how)
      },
    }
  },
}))

beforeEach(() => Object.assign(topic, { events: [], refusals: 0, given: [], stops: [] }))

async function consume(options: Partial<ConsumeOptions> = {}) {
  const seen: unknown[] = []
  const { events, invalid, timedOut } = await consumeScores(readConfig({ VALENCE_KAFKA_GROUP_ID: 'g' }), {
    topic: 'scores',
    group: undefined,
    fromBeginning: true,
    limit: Number.POSITIVE_INFINITY,
    timeoutMs: 30,
    signal: new AbortController().signal,
    onEvent: async (event) => void seen.push(event),
    onInvalid: () => undefined,
    ...options,
  })
  return { events, invalid, timedOut, seen }
}

describe('consumeScores', () => {
  it('ends at the limit, and hands on no event more', async () => {
    topic.events = ['a', 'b', 'c']
    expect(await consume({ limit: 2, timeoutMs: undefined })).toMatchObject({
      events: 2,
      timedOut: false,
      seen: ['a', 'b'],
    })
    expect(topic.stops.at(-1)).toEqual({ leaveGroup: true })
  })

  it('ends when nothing came for so long, and counts what is no scored event', async () => {
    topic.events = ['a', 'invalid', 'b']
    expect(await consume()).toMatchObject({ events: 2, invalid: 1, timedOut: true, seen: ['a', 'b'] })
  })

  it('ends when it is aborted, without a timeout', async () => {
    expect(await consume({ signal: AbortSignal.abort(), timeoutMs: undefined })).toMatchObject({
      events: 0,
      timedOut: false,
    })
    expect(topic.stops).toHaveLength(1)
  })

  it('fails as its consumer does, and leaves the group', async () => {
    topic.events = ['a', 'crash']
    await expect(consume({ timeoutMs: undefined })).rejects.toMatchObject({ code: 'VAL_KAFKA_CONSUMER_CRASHED' })
    expect(topic.stops).toEqual([{ leaveGroup: true }])
  })

  it('joins again on a cluster that is not ready, with a consumer of its own', async () => {
    topic.refusals = 1
    await consume()
    expect(topic.given).toHaveLength(2)
  })

  it('commits positions for a named group only', async () => {
    await consume()
    await consume({ group: 'mine' })
    expect(topic.given.map(({ groupId, commit }) => [groupId.replace(/\.cli\..*/, '.cli'), commit])).toEqual([
      ['g.cli', 'manual'],
      ['mine', 'at-least-once'],
    ])
  })
})
