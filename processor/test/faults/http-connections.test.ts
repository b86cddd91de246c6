import { execFileSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

const idle = 10_000
const dawdlers = 500
const requestTimeoutMs = 10_000
/** Each process needs a file descriptor for each connection; NaN where there is no limit. */
const descriptors = Number(execFileSync('sh', ['-c', 'ulimit -Hn']).toString())

let model: Awaited<ReturnType<typeof writeTinyModel>>

beforeAll(async () => {
  model = await writeTinyModel()
})
afterEach(killAllProcessors)
afterAll(() => model.remove())

function serve(): Promise<ProcessorProcess> {
  const environment = {
    VALENCE_MODEL: model.folder,
    VALENCE_AUTH_MODE: 'none',
    VALENCE_HTTP_PORT: '0',
    VALENCE_INFERENCE_WORKERS: '1',
    VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0',
    VALENCE_HTTP_RATE_LIMIT_TEXTS: '0',
    VALENCE_HTTP_REQUEST_TIMEOUT_MS: String(requestTimeoutMs),
  }
  return new ProcessorProcess(environment, 'serve').started()
}

/** A connection, and all that came over it until the server ended it. */
interface Held {
  readonly socket: Socket
  readonly connected: Promise<void>
  readonly ended: Promise<string>
}

function hold(port: number): Held {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  const connected = Promise.withResolvers<void>()
  socket.once('connect', () => connected.resolve())
  const ended = new Promise<string>((resolve) => {
    socket.once('error', (error) => resolve(String(error)))
    socket.once('close', () => resolve(Buffer.concat(chunks).toString()))
  })
  return { socket, connected: connected.promise, ended }
}

async function scoreTwenty(port: number): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < 20; i++) {
    const response = await fetch(`http://127.0.0.1:${port}/v1/score`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: `good ${i}` }),
    })
    await response.arrayBuffer()
    statuses.push(response.status)
  }
  return statuses
}

const all200 = new Array(20).fill(200)
const timedOut = /^HTTP\/1\.1 408 .*application\/problem\+json.*VAL_HTTP_REQUEST_TIMED_OUT/s

it.skipIf(descriptors < idle + 500)(
  `${idle} connections that never ask are each told so and closed, and others are scored beside them`,
  async () => {
    const server = await serve()
    const before = await server.metric('process_resident_memory_bytes')
    const held: Held[] = []
    // In portions that fit into the backlog of a listening socket.
    while (held.length < idle) {
      const portion = Array.from({ length: 500 }, () => hold(server.port))
      held.push(...portion)
      await Promise.all(portion.map(({ connected }) => connected))
    }
    expect(await server.metric('valence_http_connections')).toBeGreaterThan(0.5 * idle)
    expect(await scoreTwenty(server.port)).toEqual(all200)
    const answers = await Promise.all(held.map(({ ended }) => ended))
    expect(answers.filter((answer) => !timedOut.test(answer))).toEqual([])
    expect(await scoreTwenty(server.port)).toEqual(all200)
    const grownMiB = ((await server.metric('process_resident_memory_bytes')) - before) / 2 ** 20
    process.stdout.write(`${idle} idle connections: ${Math.round(grownMiB)} MiB more afterwards\n`)
    expect(grownMiB).toBeLessThan(200)
    expect(await server.stop()).toBe(0)
  },
)

it(`${dawdlers} clients that send a byte now and then get 408 when the time is up, and others are scored`, async () => {
  const server = await serve()
  const held = Array.from({ length: dawdlers }, () => hold(server.port))
  await Promise.all(held.map(({ connected }) => connected))
  const head = 'POST /v1/score HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n'
  for (const [index, { socket }] of held.entries()) {
    // Half of them dawdle over the headers, half over the body.
    socket.write(index % 2 === 0 ? 'GET /v1/score?text=a HTTP/1.1\r\nx-slow: ' : head)
  }
  const dribble = setInterval(() => {
    for (const { socket } of held) if (socket.writable) socket.write('a')
  }, 250)
  try {
    expect(await scoreTwenty(server.port)).toEqual(all200)
    const late = delay(3 * requestTimeoutMs).then(() => 'never ended')
    const answers = await Promise.all(held.map(({ ended }) => Promise.race([ended, late])))
    expect(answers.filter((answer) => !timedOut.test(answer))).toEqual([])
  } finally {
    clearInterval(dribble)
  }
  expect(await server.metric('valence_http_client_errors_total', 'VAL_HTTP_REQUEST_TIMED_OUT')).toBe(dawdlers)
  expect(await server.stop()).toBe(0)
})
