import type { Admin, ITopicConfig } from '@valence/producer-sdk/kafka'
import { describe, expect, it } from 'vitest'
import { createTopics } from '../../../src/kafka/create-topics.ts'

const protocolError = (type: string) => Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type })

interface Behaviour {
  readonly known?: readonly string[]
  /** What the broker says to the creation of a topic. */
  readonly refuse?: Readonly<Record<string, Error>>
  /** Times that a broker does not know a topic that was created. */
  readonly unknownFor?: number
}

function cluster({ known = [], refuse = {}, unknownFor = 0 }: Behaviour) {
  const asked = new Map<string, number>()
  const created: string[] = []
  const admin = {
    listTopics: async () => [...known],
    async createTopics({ topics, waitForLeaders = true }: { topics: ITopicConfig[]; waitForLeaders?: boolean }) {
      const topic = topics[0]?.topic ?? ''
      const error = refuse[topic]
      if (error !== undefined) throw error
      created.push(topic)
      // kafkajs gives its waiting up at the first broker that does not know the topic.
      if (waitForLeaders && unknownFor > 0) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION')
      return true
    },
    async fetchTopicMetadata({ topics: [topic = ''] }: { topics: string[] }) {
      const times = (asked.get(topic) ?? 0) + 1
      asked.set(topic, times)
      if (times <= unknownFor) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION')
      return { topics: [{ name: topic, partitions: [{ leader: 1, replicas: [1] }] }] }
    },
  }
  return { admin: admin as unknown as Admin, created }
}

const wanted = (...topics: string[]): ITopicConfig[] => topics.map((topic) => ({ topic, numPartitions: 1 }))

describe('creating topics', () => {
  it('waits for brokers that do not know a new topic yet, longer the more partitions it has', async () => {
    const { admin } = cluster({ unknownFor: 3 })
    const topics = [{ topic: 'wide', numPartitions: 240 }]
    // Without the time for its partitions there would be none to wait.
    expect(await createTopics(admin, topics, 0)).toEqual([
      { topic: 'wide', state: 'created', partitions: 1, replication: 1 },
    ])
  })

  it('says of a topic that does not come in time that it may yet', async () => {
    const { admin } = cluster({ unknownFor: Number.POSITIVE_INFINITY })
    const [outcome] = await createTopics(admin, wanted('late'), 0)
    expect(outcome).toMatchObject({ state: 'failed', error: { code: 'VAL_KAFKA_UNREACHABLE' } })
    expect(outcome?.error?.detail).toContain('run the command again')
  })

  it('leaves alone what exists, and creates the others where one is refused', async () => {
    const { admin, created } = cluster({
      known: ['old'],
      refuse: {
        bad: Object.assign(new Error('Topic creation errors'), {
          name: 'KafkaJSAggregateError',
          errors: [protocolError('INVALID_REPLICATION_FACTOR')],
        }),
        secret: protocolError('TOPIC_AUTHORIZATION_FAILED'),
      },
    })
    const outcomes = await createTopics(admin, wanted('old', 'bad', 'secret', 'new'))
    expect(outcomes.map(({ topic, state, error }) => [topic, state, error?.code, error?.detail])).toEqual([
      ['old', 'existing', undefined, undefined],
      ['bad', 'failed', 'VAL_KAFKA_TOPIC_REFUSED', 'bad: INVALID_REPLICATION_FACTOR'],
      ['secret', 'failed', 'VAL_KAFKA_NOT_AUTHORISED', 'TOPIC_AUTHORIZATION_FAILED'],
      ['new', 'created', undefined, undefined],
    ])
    expect(created).toEqual(['new'])
  })

  it('takes a creation that nobody answered for one that may have happened', async () => {
    const { admin } = cluster({ refuse: { slow: protocolError('REQUEST_TIMED_OUT') }, unknownFor: 1 })
    expect(await createTopics(admin, wanted('slow'))).toMatchObject([
      { topic: 'slow', state: 'created', partitions: 1 },
    ])
  })
})
