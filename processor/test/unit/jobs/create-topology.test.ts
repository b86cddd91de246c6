import type { Admin, ITopicConfig } from '@valence/producer-sdk/kafka'
import { expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { createTopology } from '../../../src/jobs/create-topology.ts'

/** A cluster that knows nothing but what it is told to create. */
function clusterOf(brokers: number) {
  const created = new Map<string, ITopicConfig>()
  const admin = {
    describeCluster: async () => ({ brokers: Array.from({ length: brokers }, () => ({})) }),
    listTopics: async () => [...created.keys()],
    async createTopics({ topics }: { topics: ITopicConfig[] }) {
      for (const own of topics) created.set(own.topic, own)
      return true
    },
    fetchTopicMetadata: async ({ topics }: { topics: string[] }) => ({
      topics: topics.map((name) => {
        const { numPartitions = 1, replicationFactor = 1 } = created.get(name) ?? {}
        const replicas = Array.from({ length: replicationFactor }, (_, at) => at)
        return { name, partitions: Array.from({ length: numPartitions }, () => ({ leader: 0, replicas })) }
      }),
    }),
  } as unknown as Admin
  const settingsOf = (topic: string) =>
    Object.fromEntries((created.get(topic)?.configEntries ?? []).map(({ name, value }) => [name, value]))
  return { admin, settingsOf }
}

const config = readConfig({
  VALENCE_INPUT_TOPICS: 'a,b',
  VALENCE_OUTPUT_TOPIC: 'out',
  VALENCE_DEAD_LETTER_TOPIC: 'dead',
  VALENCE_FEEDBACK_TOPIC: 'back',
})

it('creates each topic of the configuration, with the replicas that the cluster has room for', async () => {
  const created = await createTopology(config, clusterOf(2).admin, 4, undefined)
  expect(
    created.map(({ topic, role, state, partitions, replication }) => [topic, role, state, partitions, replication]),
  ).toEqual([
    ['a', 'input', 'created', 4, 2],
    ['b', 'input', 'created', 4, 2],
    ['out', 'output', 'created', 4, 2],
    ['dead', 'dead letters', 'created', 4, 2],
    ['back', 'feedback', 'created', 4, 2],
  ])
  expect((await createTopology(config, clusterOf(9).admin, 1, undefined))[0]).toMatchObject({ replication: 3 })
  expect((await createTopology(config, clusterOf(9).admin, 1, 5))[0]).toMatchObject({ replication: 5 })
})

it('lets one of three replicas be down, and asks for all where there are fewer', async () => {
  const [three, two] = [clusterOf(3), clusterOf(2)]
  await createTopology(config, three.admin, 1, undefined)
  await createTopology(config, two.admin, 1, undefined)
  expect(three.settingsOf('out')).toEqual({ 'min.insync.replicas': '2', 'cleanup.policy': 'delete' })
  expect(two.settingsOf('out')).toEqual({ 'min.insync.replicas': '1', 'cleanup.policy': 'delete' })
})

it('keeps dead letters for 30 days and takes ones that are larger than any record', async () => {
  const { admin, settingsOf } = clusterOf(1)
  await createTopology(config, admin, 1, undefined)
  expect(settingsOf('dead')).toMatchObject({ 'retention.ms': '2592000000', 'max.message.bytes': '2097152' })
})
