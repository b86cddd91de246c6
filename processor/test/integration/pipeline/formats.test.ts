import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSchemaRegistry, frame, textEventAvro, textEventJson, valueSubject } from '@valence/schemas'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest'

let kafka: TestKafka
let topics: TestTopics
let processor: ProcessorProcess

/** Produces one record with kcat, as anybody with a terminal would. */
async function kcatProduce(topic: string, value: string, ...args: string[]): Promise<void> {
  const child = spawn('kcat', ['-P', '-b', kafka.brokers, '-t', topic, ...args], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.stdin.end(value)
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
}

const eventsOf = async (topic: string) =>
  (await readCommitted(kafka.brokers, topic)).map(({ value }) => JSON.parse(value ?? 'null'))

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterAll(() => kafka.close())

/** What somebody who may register schemas has thought up: each record alone would keep a backtracking engine busy for years. */
const hostile = {
  linear: { type: 'object', properties: { text: { type: 'string', pattern: '^(a+)+$' } } },
  lookahead: { type: 'object', properties: { text: { type: 'string', pattern: '^(?=a)(a+)+$' } } },
}

async function registerJson(url: string, subject: string, schema: object): Promise<number> {
  const response = await fetch(`${url}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schemaType: 'JSON', schema: JSON.stringify(schema) }),
  })
  expect(response.status).toBe(200)
  return ((await response.json()) as { id: number }).id
}

describe('one running processor, no setting changed', () => {
  it('scores a bare sentence, a JSON object, Avro and JSON Schema records', async () => {
    topics = await kafka.createTopics()
    const url = inject('stack').registryUrl
    const registry = createSchemaRegistry({ url })
    const avroId = await registry.registerFor(valueSubject(topics.input), 'text-event')
    const jsonId = await registry.registerFor(`${topics.input}-json-value`, 'text-event', 'json')
    processor = await new ProcessorProcess({ ...topics.environment, VALENCE_SCHEMA_REGISTRY_URL: url }).started()
    await kcatProduce(topics.input, 'What a lovely day')
    await kcatProduce(
      topics.input,
      '{"id":"json-1","text":"The worst trip of my life","source":"kcat"}',
      '-k',
      'some key',
    )
    const avro = { id: 'avro-1', text: 'The bus leaves at nine', attributes: { a: 'b' } }
    const json = { id: 'schema-1', text: 'I like it' }
    await kafka.produceRaw(topics.input, [
      frame(avroId, textEventAvro.encode(avro)),
      frame(jsonId, textEventJson.encode(json)),
    ])
    await kafka.drained(topics)
    const events = await eventsOf(topics.output)
    expect(events).toHaveLength(4)
    const byId = new Map(events.map((event) => [event.id.startsWith(topics.input) ? 'bare' : event.id, event]))
    expect([...byId.keys()].sort()).toEqual(['avro-1', 'bare', 'json-1', 'schema-1'])
    expect(byId.get('bare')).toMatchObject({ label: 'positive', source: null })
    expect(byId.get('json-1')).toMatchObject({ label: 'negative', source: 'kcat' })
    expect(byId.get('avro-1')).toMatchObject({ label: 'neutral', attributes: { a: 'b' } })
    for (const { scores, valence } of events) {
      const values = Object.values(scores as Record<string, number>)
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
      expect(Math.abs(valence)).toBeLessThanOrEqual(1)
    }
    expect(await processor.stop()).toBe(0)
  })

  it('dead-letters what it cannot read, with the original bytes and the cause, and scores the rest', async () => {
    topics = await kafka.createTopics()
    processor = await new ProcessorProcess(topics.environment).started()
    const bad: readonly (readonly [string | Buffer, string])[] = [
      ['{not json', 'VAL_RECORD_JSON_INVALID'],
      ['{"text":7}', 'VAL_RECORD_INVALID'],
      ['   ', 'VAL_TEXT_EMPTY'],
      ['x'.repeat(100 * 1024), 'VAL_TEXT_TOO_LARGE'],
      [Buffer.from([0xc3, 0x28, 0x41]), 'VAL_RECORD_NOT_UTF8'],
      [Buffer.from([0, 0, 0, 0, 9, 1]), 'VAL_REGISTRY_REQUIRED'],
      ['[{"text":"one"},{"text":"two"}]', 'VAL_RECORD_JSON_INVALID'],
      ['{"text":"fine","id":"\\ud800"}', 'VAL_RECORD_NOT_UTF8'],
      ['{"text":"fine","occurredAt":"+010000-01-01T00:00:00Z"}', 'VAL_RECORD_INVALID'],
      [Buffer.from('PK\u0003\u0004'), 'VAL_RECORD_BINARY'],
    ]
    const good = ['🎉🎉🎉', 'fine', `${'long '.repeat(5_000)}`]
    await kafka.produceRaw(topics.input, [...bad.map(([value]) => value), ...good])
    await kafka.drained(topics)
    expect(await eventsOf(topics.output)).toHaveLength(good.length)
    const letters = await readCommitted(kafka.brokers, topics.deadLetters)
    expect(letters.map(({ headers }) => headers['valence-error-code']).sort()).toEqual(
      bad.map(([, code]) => code).sort(),
    )
    const letter = letters.find(({ value }) => value === '{not json')
    expect(letter?.headers).toMatchObject({
      'valence-error-code': 'VAL_RECORD_JSON_INVALID',
      'valence-origin-topic': topics.input,
    })
    expect(await processor.stop()).toBe(0)
  })

  it("reads Avro whose schema id stands in a header, or takes Apicurio's eight bytes", async () => {
    topics = await kafka.createTopics()
    const url = inject('stack').registryUrl
    const contentId = await createSchemaRegistry({ url }).registerFor(valueSubject(topics.input), 'text-event')
    const core = url.replace(/ccompat.*/, 'registry/v3')
    const found = await fetch(`${core}/search/versions?contentId=${contentId}&artifactId=${valueSubject(topics.input)}`)
    const { globalId } = ((await found.json()) as { versions: { globalId: number }[] }).versions[0] ?? {}
    const long = (id: number | undefined) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64BE(BigInt(id ?? 0))
      return bytes
    }
    const payload = (id: string) => textEventAvro.encode({ id, text: 'I like it' })
    const header = (name: string, value: Buffer) => [{ name, value }]
    processor = await new ProcessorProcess({ ...topics.environment, VALENCE_SCHEMA_REGISTRY_URL: url }).started()
    await kafka.produceRaw(topics.input, [payload('a')], header('apicurio.value.contentId', long(contentId)))
    await kafka.produceRaw(topics.input, [payload('b')], header('apicurio.value.globalId', long(globalId)))
    const number = Buffer.concat([Buffer.of(0), long(contentId).subarray(4)])
    await kafka.produceRaw(topics.input, [payload('c')], header('__value_schema_id', number))
    await kafka.produceRaw(topics.input, [payload('no GUIDs')], header('__value_schema_id', Buffer.alloc(17, 1)))
    await kafka.produceRaw(topics.input, [payload('a name')], header('apicurio.value.artifactId', Buffer.from('texts')))
    await kafka.produceRaw(topics.input, [Buffer.concat([Buffer.of(0), long(contentId), payload('d')])])
    await kafka.drained(topics)
    expect((await eventsOf(topics.output)).map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', 'd'])
    const letters = await readCommitted(kafka.brokers, topics.deadLetters)
    expect(letters.map(({ headers }) => headers['valence-error-code'])).toEqual(
      Array(2).fill('VAL_SCHEMA_ID_UNRESOLVABLE'),
    )
    expect(await processor.stop()).toBe(0)
  })

  it('waits for a schema that its registry does not know yet, and for no other partition', async () => {
    topics = await kafka.createTopics({ partitions: 2 })
    const url = inject('stack').registryUrl
    const id = await createSchemaRegistry({ url }).registerFor(valueSubject(topics.input), 'text-event')
    let isKnown = false
    // A replica that is behind: it knows the schema some seconds later.
    const replica = createServer(async (request, response) => {
      if (!isKnown && request.url?.includes('/schemas/ids/')) {
        response
          .writeHead(404, { 'content-type': 'application/json' })
          .end('{"error_code":40403,"message":"not found"}')
        return
      }
      const answer = await fetch(new URL(request.url ?? '', url))
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
    }).listen(0, '127.0.0.1')
    await once(replica, 'listening')
    const behind = `http://127.0.0.1:${(replica.address() as AddressInfo).port}${new URL(url).pathname}`
    const environment = { ...topics.environment, VALENCE_SCHEMA_REGISTRY_URL: behind }
    processor = await new ProcessorProcess(environment).started()
    const young = frame(id, textEventAvro.encode({ id: 'young', text: 'I like it' }))
    await kafka.send(topics.input, [{ value: young, partition: 0 }])
    await kafka.send(topics.input, [{ value: '{"id":"other","text":"fine"}', partition: 1 }])
    await vi.waitFor(
      async () => {
        expect((await eventsOf(topics.output)).map((event) => event.id)).toEqual(['other'])
      },
      { timeout: 20_000, interval: 300 },
    )
    isKnown = true
    await kafka.drained(topics)
    expect((await eventsOf(topics.output)).map((event) => event.id).sort()).toEqual(['other', 'young'])
    expect(await readCommitted(kafka.brokers, topics.deadLetters)).toEqual([])
    expect(await processor.stop()).toBe(0)
    replica.closeAllConnections()
    replica.close()
  })

  it('costs one bad record among 500 only that record', async () => {
    topics = await kafka.createTopics({ partitions: 1 })
    processor = await new ProcessorProcess(topics.environment).started()
    const values = Array.from({ length: 500 }, (_, index) => (index === 250 ? '{"bad' : `text number ${index}`))
    await kafka.produceRaw(topics.input, values)
    await kafka.drained(topics)
    const ids = (await eventsOf(topics.output)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(499)
    expect(ids).toHaveLength(499)
    const letters = await readCommitted(kafka.brokers, topics.deadLetters)
    expect(letters.map(({ value }) => value)).toEqual(['{"bad'])
    expect(letters[0]?.headers['valence-origin-offset']).toBe('250')
  })

  it('passes a tombstone and the trace context through', async () => {
    topics = await kafka.createTopics({ partitions: 1 })
    processor = await new ProcessorProcess(topics.environment).started()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await kcatProduce(topics.input, 'traced', '-H', `traceparent=${traceparent}`)
    await kafka.produceRaw(topics.input, [null])
    await kafka.drained(topics)
    const [traced, tombstone] = await readCommitted(kafka.brokers, topics.output)
    expect(traced?.headers).toMatchObject({ traceparent, 'content-type': 'application/json' })
    expect(tombstone?.value).toBeNull()
  })

  it('goes on beside schemas made to keep it busy, and stops when it is told to', async () => {
    topics = await kafka.createTopics({ partitions: 2 })
    const url = inject('stack').registryUrl
    processor = await new ProcessorProcess({ ...topics.environment, VALENCE_SCHEMA_REGISTRY_URL: url }).started()
    const payload = Buffer.from(JSON.stringify({ text: `${'a'.repeat(40)}!` }))
    for (const [name, schema] of Object.entries(hostile)) {
      const id = await registerJson(url, `${topics.input}-${name}`, schema)
      await kafka.produceRaw(topics.input, [frame(id, payload), Buffer.from(`a neighbour of ${name}`)])
    }
    await kafka.drained(topics)
    expect(await eventsOf(topics.output)).toHaveLength(2)
    const letters = await readCommitted(kafka.brokers, topics.deadLetters)
    expect(letters.map(({ headers }) => headers['valence-error-code']).sort()).toEqual([
      'VAL_SCHEMA_PATTERN_REFUSED',
      'VAL_SCHEMA_PAYLOAD_INVALID',
    ])
    expect(await processor.stop()).toBe(0)
  })
})
