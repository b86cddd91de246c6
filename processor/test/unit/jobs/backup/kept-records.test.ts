import { compressionTypes, type Producer, type ProducerRecord } from '@valence/producer-sdk/kafka'
import { recordHeader } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { expect, it } from 'vitest'
import { fromLine, toLine } from '../../../../src/jobs/backup/kept-line.ts'
import { sendRestored } from '../../../../src/jobs/backup/kept-records.ts'
import type { KafkaRecord } from '../../../../src/kafka/record.ts'

const edges = [-1n, 0n, 1_700_000_000_000n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]

it.each(edges)('a record keeps its timestamp %d to the millisecond', (timestamp) => {
  const headers = [
    recordHeader('x', null),
    { name: '\ufffd', value: Buffer.from([0xff]), nameBytes: Buffer.from([0xff]) },
  ]
  const record = kafkaRecord(2 ** 40, { timestamp, headers })
  expect(fromLine(toLine(record))).toEqual(record)
})

it('a timestamp of an earlier backup is a number', () => {
  const line = toLine(kafkaRecord(1, { timestamp: 1_700_000_000_000n })).replace('"1700000000000"', '1700000000000')
  expect(JSON.parse(line).timestamp).toBe(1_700_000_000_000)
  expect(fromLine(line).timestamp).toBe(1_700_000_000_000n)
})

/** The sends of a restore, in order. */
async function sendsOf(records: readonly KafkaRecord[]): Promise<ProducerRecord[]> {
  const sends: ProducerRecord[] = []
  const producer: Pick<Producer, 'send'> = {
    send: async (record) => {
      sends.push(record)
      return []
    },
  }
  await sendRestored(producer as Producer, compressionTypes.zstd, { topic: 't', partition: 0 }, records)
  return sends
}

/** What was sent, a batch a row. */
async function batchesSent(records: readonly KafkaRecord[]): Promise<(string | undefined)[][]> {
  return (await sendsOf(records)).map(({ messages }) => messages.map(({ timestamp }) => timestamp))
}

it('records are restored in order, and none beside a time that kafkajs would round', async () => {
  const records = [1n, 2n, 2n ** 63n - 1n, 2n ** 63n - 3n, 3n, 4n].map((timestamp, offset) =>
    kafkaRecord(offset, { timestamp }),
  )
  expect(await batchesSent(records)).toEqual([['1', '2'], ['9223372036854775807'], ['9223372036854775805'], ['3', '4']])
  const many = Array.from({ length: 1_100 }, (_, offset) => kafkaRecord(offset))
  expect((await batchesSent(many)).map(({ length }) => length)).toEqual([500, 500, 100])
})

it('records are restored in batches that a topic accepts, compressed, and a large one alone', async () => {
  const headers = [recordHeader('x', Buffer.alloc(1_000))]
  const small = (offset: number) =>
    kafkaRecord(offset, { key: Buffer.alloc(20_000), value: Buffer.alloc(79_000), headers })
  const large = kafkaRecord(7, { value: Buffer.alloc(3_000_000) })
  const sends = await sendsOf([0, 1, 2, 3, 4, 5, 6].map(small).concat(large, small(8), kafkaRecord(9)))
  expect(sends.map(({ messages }) => messages.length)).toEqual([5, 2, 1, 2])
  expect(sends.map(({ compression }) => compression)).toEqual([4, 4, 4, 4])
})
