import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { createTcpProxy } from '@valence/testing/kafka/tcp-proxy'
import { ModelReleases } from '@valence/testing/models/model-releases'
import { fillDisk } from '@valence/testing/parts/fill-disk'
import { TokenIssuer } from '@valence/testing/parts/token-issuer'
import type { ProcessorProcess } from '@valence/testing/processes/processor-process'
import { generateKeyPair, SignJWT } from 'jose'
import type { MetricSamples } from '../../src/monitoring/metric-samples.ts'
import type { World, WorldSettings } from './world.ts'

/** One thing that goes wrong, and where it is to be seen. */
export interface Fault {
  readonly name: string
  /** What is done, for the table. */
  readonly how: string
  /** The metric that moves, for the table. */
  readonly metric: string
  /** Its value, as it must rise. */
  readonly value: (samples: MetricSamples) => number
  readonly at: (world: World) => ProcessorProcess
  readonly alerts: readonly string[]
  /** It takes the broker down, so it needs one of its own; stopped afterwards. */
  readonly ownStack?: () => Promise<LocalStack>
  /** What has to be there before; closed afterwards. */
  readonly prepare: (stack: LocalStack, model: string) => Promise<Prepared>
}

interface Prepared {
  readonly settings: WorldSettings
  readonly model?: string
  readonly inject: (world: World) => Promise<void> | void
  readonly close?: () => Promise<void>
}

const first = ({ processors: [own] }: World) => own as ProcessorProcess
const lagService = ({ lagService: own }: World) => own
const counter =
  (name: string, labels: Readonly<Record<string, string>> = {}) =>
  (samples: MetricSamples) =>
    samples.sum(name, labels)

function preloaded(path: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import ${new URL(path, import.meta.url).href}` }
}

async function proxied(url: string) {
  const { hostname, port } = new URL(url)
  return createTcpProxy({ host: hostname, port: Number(port) })
}

export const faults: readonly Fault[] = [
  {
    name: 'broker down',
    how: 'the only broker is killed',
    metric: '`valence_scaling_decisions_total{reason="unreachable"}`',
    value: counter('valence_scaling_decisions_total', { reason: 'unreachable' }),
    at: lagService,
    alerts: ['ValenceGroupUnreachable'],
    ownStack: () => startLocalStack({ parts: ['kafka', 'redis'] }),
    prepare: async (stack) => ({ settings: {}, inject: () => stack.kafka.kill(0) }),
  },
  {
    name: 'Redis down',
    how: 'connections to Redis are cut and refused',
    metric: '`valence_breaker_opened_total{part="redis-cache"}`, `valence_redis_errors_total`',
    value: counter('valence_breaker_opened_total', { part: 'redis-cache' }),
    at: first,
    alerts: ['ValenceBreakerOpen'],
    async prepare(stack) {
      const proxy = await proxied(stack.redisUrl)
      return {
        settings: { processor: { VALENCE_REDIS_URL: `redis://127.0.0.1:${proxy.port}` } },
        inject: () => proxy.cut(),
        close: () => proxy.close(),
      }
    },
  },
  {
    name: 'poison flood',
    how: 'a third of the records is no JSON',
    metric: '`valence_pipeline_dead_letters_total`',
    value: counter('valence_pipeline_dead_letters_total'),
    at: first,
    alerts: ['ValenceDeadLetterRateHigh'],
    prepare: async () => ({
      settings: {},
      inject: (world) => world.load(12, (at) => (at % 3 === 0 ? '{"id":' : `{"id":"p${at}","text":"good ${at}"}`)),
    }),
  },
  {
    name: 'slow model',
    how: 'every text takes a quarter of a second, and 8 come each second',
    metric: '`valence_pipeline_end_to_end_seconds`: texts over 5 s',
    value: (samples) =>
      samples.sum('valence_pipeline_end_to_end_seconds_count') -
      samples.sum('valence_pipeline_end_to_end_seconds_bucket', { le: '5' }),
    at: first,
    alerts: ['ValenceLatencyHigh'],
    prepare: async () => ({
      settings: { processor: preloaded('../slow-model.preload.ts') },
      inject: ({ processors: [slow] }) => slow?.signal('SIGUSR2'),
    }),
  },
  {
    name: 'hot partition',
    how: 'all texts have one key, four times as many as a processor can do (10 a second)',
    metric: '`valence_scaling_hot_partitions`',
    value: counter('valence_scaling_hot_partitions'),
    at: lagService,
    alerts: ['ValenceHotPartition'],
    prepare: async () => ({
      settings: {
        partitions: 6,
        processor: {
          ...preloaded('../../../testing/src/scaling/throttle.preload.ts'),
          TEST_THROTTLE_TEXTS: '10',
        },
        lagService: { VALENCE_SCALING_CAPACITY_TEXTS: '10' },
      },
      inject: (world) => world.load(40, (at) => `{"id":"h${at}","text":"good ${at}"}`, 'one'),
    }),
  },
  {
    name: 'zombie',
    how: 'one of two processors is stopped (SIGSTOP); sessions end after 6 s',
    metric: '`valence_kafka_rebalances_total` of the other',
    value: counter('valence_kafka_rebalances_total'),
    at: ({ processors }) => processors[1] as ProcessorProcess,
    alerts: ['ValenceTargetDown'],
    prepare: async () => ({
      settings: { processors: 2, partitions: 6, processor: { VALENCE_KAFKA_SESSION_TIMEOUT_MS: '6000' } },
      inject: ({ processors: [zombie] }) => zombie?.signal('SIGSTOP'),
    }),
  },
  {
    name: 'full disk',
    how: 'the file system of the broker (256 MiB) is filled',
    metric: '`valence_scaling_decisions_total{reason="unreachable"}`',
    value: counter('valence_scaling_decisions_total', { reason: 'unreachable' }),
    at: lagService,
    alerts: ['ValenceGroupUnreachable'],
    ownStack: startOnSmallDisk,
    prepare: async (stack) => ({
      settings: {},
      inject: async () => {
        await fillDisk(smallDisks.get(stack) ?? '')
      },
    }),
  },
  {
    name: 'expired JWKS',
    how: 'the key set cannot be fetched, and tokens come that are signed with a new key',
    metric: '`valence_breaker_failures_total{part="jwks"}`',
    value: counter('valence_breaker_failures_total', { part: 'jwks' }),
    at: ({ facade }) => facade as ProcessorProcess,
    alerts: ['ValenceBreakerOpen'],
    prepare: prepareRotatedKeys,
  },
  {
    name: 'bad swap',
    how: 'a new model is published whose golden texts do not come out',
    metric: '`valence_model_reloads_total{outcome="refused"}`',
    value: counter('valence_model_reloads_total', { outcome: 'refused' }),
    at: first,
    alerts: ['ValenceModelSwapFailed'],
    async prepare(_stack, model) {
      const releases = await ModelReleases.of(model)
      return {
        settings: { processor: { VALENCE_MODEL_POLL_MS: '1000' } },
        model: releases.uri,
        inject: () =>
          releases.publish('b', (manifest) => {
            manifest.golden[0].scores = { negative: 1, neutral: 0, positive: 0 }
            manifest.golden[0].text = 'great great great'
          }),
        close: () => releases.remove(),
      }
    },
  },
  {
    name: 'stuck partition',
    how: 'a record comes whose schema nobody can be asked for, because the registry is away',
    metric: '`valence_pipeline_retries_total`; lag with `valence_kafka_committed_records_total` at rest',
    value: counter('valence_pipeline_retries_total'),
    at: first,
    alerts: ['ValencePartitionStuck'],
    async prepare() {
      const registry = createServer((_request, response) => response.writeHead(503).end())
      await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
      const { port } = registry.address() as AddressInfo
      return {
        settings: { processor: { VALENCE_SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}` } },
        inject: ({ kafka, topics }) => kafka.produceRaw(topics.input, [Buffer.from([0, 0, 0, 9, 9, 1, 2, 3])]),
        close: async () => void registry.close(),
      }
    },
  },
]

const smallDisks = new Map<LocalStack, string>()
const run = promisify(execFile)

/** Needs the right to mount. */
async function startOnSmallDisk(): Promise<LocalStack> {
  const directory = await mkdtemp(join(tmpdir(), 'valence-small-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', 'size=256m', 'tmpfs', directory])
  const unmount = async () => {
    await run('umount', ['-l', directory])
    await rm(directory, { recursive: true })
  }
  const stack = await startLocalStack({ parts: ['kafka', 'redis'], directory }).catch(async (error) => {
    await unmount()
    throw error
  })
  const own: LocalStack = { ...stack, stop: () => stack.stop().finally(unmount) }
  smallDisks.set(own, directory)
  return own
}

async function prepareRotatedKeys(): Promise<Prepared> {
  const issuer = await TokenIssuer.start()
  const proxy = await createTcpProxy({ host: '127.0.0.1', port: issuer.port })
  const { privateKey } = await generateKeyPair('ES256')
  const token = await new SignJWT({ sub: 'alice', scope: 'sentiment:score' })
    .setProtectedHeader({ alg: 'ES256', kid: 'new' })
    .setIssuer(issuer.name)
    .setAudience(issuer.audience)
    .setIssuedAt()
    .setExpirationTime('60m')
    .sign(privateKey)
  const stopping = new AbortController()
  const ask = async ({ facade }: World) => {
    while (!stopping.signal.aborted) {
      await fetch(`http://127.0.0.1:${facade?.port}/v1/score`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"text":"good"}',
      }).catch(() => undefined)
      await sleep(500, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  return {
    settings: { facade: issuer.environment(proxy.port) },
    inject(world) {
      proxy.cut()
      void ask(world)
    },
    async close() {
      stopping.abort()
      await proxy.close()
      await issuer[Symbol.asyncDispose]()
    },
  }
}
