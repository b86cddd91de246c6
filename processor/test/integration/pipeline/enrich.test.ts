import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createSchemaRegistry, frame } from '@valence/schemas'
import { TestKafka } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import avro from 'avsc'
import protobuf from 'protobufjs'
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterAll(() => kafka.close())

/** The only value of a partition, to the byte. */
async function onlyValue(topic: string, partition: number): Promise<Buffer> {
  const args = ['-C', '-b', kafka.brokers, '-t', topic, '-p', String(partition), '-e', '-q', '-f', '%s']
  const settings = ['-X', 'isolation.level=read_committed']
  return (await promisify(execFile)('kcat', [...args, ...settings], { encoding: 'buffer' })).stdout
}

it('publishes JSON, Avro and Protobuf records to the byte with one field more, and rejects what cannot take it', async () => {
  const topics = await kafka.createTopics({ partitions: 3 })
  const url = inject('stack').registryUrl
  const registry = createSchemaRegistry({ url })
  const fields = [
    { name: 'text', type: 'string' },
    { name: 'stars', type: 'int', doc: 'from 1 to 5' },
  ]
  const writer = { type: 'record', name: 'TextEvent', namespace: 'org.example', fields }
  const id = await registry.registerText(`${topics.input}-value`, { type: 'AVRO', text: JSON.stringify(writer) })
  const payload = avro.Type.forSchema(writer as never).toBuffer({ text: 'What a lovely day', stars: 5 })
  const proto = 'syntax = "proto3"; package org.example; message Other { } message Review { string text = 1; }'
  const protoId = await registry.registerText(`${topics.input}-proto`, { type: 'PROTOBUF', text: proto })
  // Message indexes: one, and it is 1.
  const message = Buffer.from('\u0002\u0002\u000a\u0004Meh.')
  const json = Buffer.from('{"text": "The worst trip of my life", "n": 1.0, "n": 12345678901234567890 }\n')
  const environment = { ...topics.environment, VALENCE_SCHEMA_REGISTRY_URL: url, VALENCE_OUTPUT_MODE: 'enrich' }
  const settings = { VALENCE_OUTPUT_FIELD: 'mood', VALENCE_OUTPUT_SUBJECT_STRATEGY: 'topic-record' }
  const processor = await new ProcessorProcess({ ...environment, ...settings, VALENCE_TEXT_FIELD: 'text' }).started()
  await kafka.send(topics.input, [
    { partition: 0, value: json },
    { partition: 0, value: '{"text":"fine","mood":1}' },
    { partition: 1, value: frame(id, payload) },
    { partition: 1, value: 'a bare text' },
    { partition: 2, value: frame(protoId, message) },
  ])
  await kafka.drained(topics)

  const enriched = await onlyValue(topics.output, 0)
  const [at, end] = [enriched.indexOf(',"mood":'), enriched.lastIndexOf(' }\n')]
  expect(Buffer.concat([enriched.subarray(0, at), enriched.subarray(end)])).toEqual(json)
  expect(JSON.parse(enriched.toString()).mood).toMatchObject({ label: 'negative', warnings: [] })

  const framed = await onlyValue(topics.output, 1)
  expect(framed.subarray(5, 5 + payload.length)).toEqual(payload)
  const derived = await registry.writerSchema(framed.readInt32BE(1))
  const value = avro.Type.forSchema(JSON.parse(derived.text)).fromBuffer(framed.subarray(5))
  expect(value).toMatchObject({ text: 'What a lovely day', stars: 5, mood: { label: 'positive' } })
  const subject = await fetch(`${url}/subjects/${topics.output}-org.example.TextEvent/versions`)
  expect(await subject.json()).toHaveLength(1)

  const extended = await onlyValue(topics.output, 2)
  expect(extended.subarray(5, 5 + message.length)).toEqual(message)
  const { text } = await registry.writerSchema(extended.readInt32BE(1))
  const type = protobuf.parse(text).root.lookupType('org.example.Review')
  expect(type.toObject(type.decode(extended.subarray(7)))).toMatchObject({ text: 'Meh.', mood: { label: 'neutral' } })

  const letters = await readCommitted(kafka.brokers, topics.deadLetters)
  expect(letters.map(({ headers }) => headers['valence-error-code']).sort()).toEqual([
    'VAL_ENRICH_FIELD_TAKEN',
    'VAL_ENRICH_RECORD_REFUSED',
  ])
  expect(await processor.stop()).toBe(0)
})
