import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSchemaRegistry, frame, textEventAvro, valueSubject } from '@valence/schemas'
import { TestKafka } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'

let kafka: TestKafka
let gate: Server
let isDown = false

/** The registry behind a gate that can be shut: it then answers 503. */
async function startGate(target: string): Promise<string> {
  gate = createServer(async (request, response) => {
    if (isDown) {
      response.writeHead(503).end()
      return
    }
    const answer = await fetch(`${target}${request.url}`)
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' })
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(gate.address() as AddressInfo).port}`
}

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterAll(async () => {
  await kafka.close()
  gate.close()
})

it('waits while the registry is down, dead-letters nothing, and goes on when it is back', async () => {
  const topics = await kafka.createTopics({ partitions: 1 })
  const { registryUrl } = inject('stack')
  const id = await createSchemaRegistry({ url: registryUrl }).registerFor(valueSubject(topics.input), 'text-event')
  const url = await startGate(registryUrl)
  const processor = await new ProcessorProcess({ ...topics.environment, VALENCE_SCHEMA_REGISTRY_URL: url }).started()
  isDown = true
  await kafka.produceRaw(topics.input, [frame(id, textEventAvro.encode({ id: 'a', text: 'patience' })), 'a bare text'])
  await processor.logged('records wait and are tried again')
  expect(await readCommitted(kafka.brokers, topics.output)).toEqual([])
  isDown = false
  await kafka.drained(topics)
  expect(await readCommitted(kafka.brokers, topics.output)).toHaveLength(2)
  expect(await readCommitted(kafka.brokers, topics.deadLetters)).toEqual([])
  expect(await processor.metric('valence_pipeline_retries_total', 'VAL_REGISTRY_UNAVAILABLE')).toBeGreaterThan(0)
})
