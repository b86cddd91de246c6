import type { Admin } from '@valence/producer-sdk/kafka'
import { type ErrorCode, ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { isRefusal, ReplayOrigins } from '../../../../src/jobs/dead-letters/replay-origins.ts'

const row = { partitionErrorCode: 0, leader: 1, replicas: [], isr: [] }

/** A cluster with one topic of two partitions; `asked` counts the questions. */
function cluster(error?: Error) {
  const state = { asked: 0 }
  const admin = {
    async fetchTopicMetadata() {
      state.asked += 1
      if (error) throw error
      return { topics: [{ name: 'texts', partitions: [0, 1].map((partitionId) => ({ ...row, partitionId })) }] }
    },
  } as unknown as Pick<Admin, 'fetchTopicMetadata'>
  return { state, origins: new ReplayOrigins(admin) }
}

describe('isRefusal', () => {
  it.each<[ErrorCode, boolean]>([
    ['VAL_RECORD_REFUSED_BY_BROKER', true],
    ['VAL_KAFKA_TOPIC_MISSING', true],
    ['VAL_KAFKA_NOT_AUTHORISED', true],
    ['VAL_KAFKA_AUTHENTICATION_FAILED', false],
    ['VAL_KAFKA_UNREACHABLE', false],
    ['VAL_KAFKA_FENCED', false],
  ])('%s: %s', (code, expected) => {
    expect(isRefusal(new ValenceError(code))).toBe(expected)
  })

  it('is none where it is a defect', () => {
    expect(isRefusal(new TypeError('no'))).toBe(false)
  })
})

describe('ReplayOrigins', () => {
  it('refuses partitions that are not there, and asks once for each topic', async () => {
    const { state, origins } = cluster()
    const found = await Promise.all([0, 1, 2].map((partition) => origins.refusalOf({ topic: 'texts', partition })))
    expect(found).toEqual([undefined, undefined, 'VAL_KAFKA_TOPIC_MISSING'])
    expect(state.asked).toBe(1)
  })

  it('refuses the letters of a topic that may not be seen', async () => {
    const { origins } = cluster(new ValenceError('VAL_KAFKA_NOT_AUTHORISED'))
    expect(await origins.refusalOf({ topic: 'texts', partition: 0 })).toBe('VAL_KAFKA_NOT_AUTHORISED')
  })

  it('throws where the cluster does not answer', async () => {
    const { origins } = cluster(new ValenceError('VAL_KAFKA_UNREACHABLE'))
    await expect(origins.refusalOf({ topic: 'texts', partition: 0 })).rejects.toMatchObject({
      code: 'VAL_KAFKA_UNREACHABLE',
    })
  })

  it('gathers refused letters by topic and reason', () => {
    const { origins } = cluster()
    origins.refuse('a', 'VAL_KAFKA_TOPIC_MISSING', '0:1')
    origins.refuse('b', 'VAL_KAFKA_TOPIC_MISSING', '0:2')
    origins.refuse('a', 'VAL_KAFKA_TOPIC_MISSING', '0:3')
    expect(origins.refused).toEqual([
      { topic: 'a', code: 'VAL_KAFKA_TOPIC_MISSING', letters: ['0:1', '0:3'] },
      { topic: 'b', code: 'VAL_KAFKA_TOPIC_MISSING', letters: ['0:2'] },
    ])
  })
})
