import { createKafka } from '@valence/producer-sdk/kafka'
import { TestKafka } from '@valence/testing/counting/workload'
import { killAllCommands, runCliProcess } from '@valence/testing/processes/cli-process'
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllCommands)
afterAll(() => kafka.close())

it('proposes where the texts of a topic are that nobody described, and tries it with them; commits nothing', async () => {
  const { input, environment, groupId } = await kafka.createTopics({ partitions: 2 })
  const producer = createKafka({ brokers: kafka.brokers, clientId: 'try-test' }).producer()
  await producer.connect()
  const values = ['I love this place.', 'The worst stay of my life.', 'It was an ordinary room.'].map(
    (comment, index) => JSON.stringify({ source: { table: 'reviews' }, after: { id: 2 ** 40 + index, comment } }),
  )
  await producer.send({ topic: input, messages: values.map((value, index) => ({ value, partition: index % 2 })) })
  await producer.disconnect()

  const run = (args: readonly string[], settings = {}) =>
    runCliProcess(['try', ...args], { environment: { ...environment, ...settings } })
  const shown = await run([])
  expect(shown.code).toBe(0)
  expect(shown.stdout).toContain('  VALENCE_TEXT_FIELD=after.comment\n  VALENCE_ID_FIELD=after.id\n')
  expect(shown.stdout).toMatch(/0:0 {2}json {5}positive/)
  expect(shown.stdout).toContain('3 scored')
  expect(shown.stderr).toContain('No record of the sample is a TextEvent')

  const { settings } = JSON.parse((await run(['--json'])).stdout).candidates
  const configured = await run(['--json', '--limit', '3'], settings)
  expect(JSON.parse(configured.stdout)).toMatchObject({
    candidates: null,
    records: [{ id: String(2 ** 40), kind: 'scored' }, { kind: 'scored' }, { kind: 'scored' }],
  })
  const committed = await kafka.admin.fetchOffsets({ groupId, topics: [input] })
  expect(committed[0]?.partitions.every(({ offset }) => offset === '-1')).toBe(true)
})
