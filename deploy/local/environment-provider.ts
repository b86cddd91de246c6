import { describeCluster } from './kafka-probe.ts'
import type { LocalStack, LocalStackOptions } from './local-stack.ts'
import { probeRedis } from './redis-process.ts'
import { probeRegistry } from './registry-process.ts'
import { stackEnvironment } from './stack-environment.ts'
import { StackError } from './stack-error.ts'

async function mustAnswer(setting: string, value: string, probe: () => Promise<unknown>): Promise<void> {
  try {
    await probe()
  } catch (cause) {
    const remedies = [`start it, or unset ${setting}`]
    throw new StackError(`${setting}=${value} does not answer: ${(cause as Error).message}`, remedies, { cause })
  }
}

function anyBrokerAnswers(brokers: readonly string[]): Promise<unknown> {
  return Promise.any(
    brokers.map((broker) => {
      const { hostname, port } = new URL(`kafka://${broker}`)
      if (port === '') return Promise.reject(new Error(`${broker} is not host:port`))
      return describeCluster(hostname.replace(/^\[|\]$/g, ''), Number(port))
    }),
  ).catch((error: AggregateError) => {
    throw error.errors[0]
  })
}

function refuse(): Promise<never> {
  return Promise.reject(
    new StackError('The brokers come from VALENCE_KAFKA_BROKERS, so the stack does not kill or restart them', [
      'unset VALENCE_KAFKA_BROKERS for tests that need this',
    ]),
  )
}

/** @throws StackError, which names the setting, if a part in the settings does not answer */
export async function assertAnswers(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const { VALENCE_KAFKA_BROKERS, VALENCE_SCHEMA_REGISTRY_URL, VALENCE_REDIS_URL } = environment
  const checks: Promise<void>[] = []
  if (VALENCE_KAFKA_BROKERS) {
    const brokers = VALENCE_KAFKA_BROKERS.split(',').map((broker) => broker.trim())
    checks.push(mustAnswer('VALENCE_KAFKA_BROKERS', VALENCE_KAFKA_BROKERS, () => anyBrokerAnswers(brokers)))
  }
  if (VALENCE_SCHEMA_REGISTRY_URL) {
    const url = VALENCE_SCHEMA_REGISTRY_URL
    checks.push(mustAnswer('VALENCE_SCHEMA_REGISTRY_URL', url, () => probeRegistry(url)))
  }
  if (VALENCE_REDIS_URL) {
    const { hostname, port } = new URL(VALENCE_REDIS_URL)
    checks.push(mustAnswer('VALENCE_REDIS_URL', VALENCE_REDIS_URL, () => probeRedis(hostname, Number(port || 6379))))
  }
  await Promise.all(checks)
}

const settingOf = {
  kafka: 'VALENCE_KAFKA_BROKERS',
  registry: 'VALENCE_SCHEMA_REGISTRY_URL',
  redis: 'VALENCE_REDIS_URL',
} as const

/**
 * Uses the parts in the environment's settings without starting or stopping them. A part without a setting is absent.
 */
export async function startEnvironmentStack(options: LocalStackOptions): Promise<LocalStack> {
  const parts = options.parts ?? ['kafka', 'registry', 'redis']
  const wanted = Object.fromEntries(parts.map((part) => [settingOf[part], process.env[settingOf[part]] ?? '']))
  await assertAnswers(wanted)
  const addresses = {
    brokers: wanted.VALENCE_KAFKA_BROKERS ?? '',
    registryUrl: wanted.VALENCE_SCHEMA_REGISTRY_URL ?? '',
    redisUrl: wanted.VALENCE_REDIS_URL ?? '',
  }
  const brokers = addresses.brokers.split(',').map((broker) => broker.trim())
  return {
    ...addresses,
    provider: 'environment',
    environment: stackEnvironment(addresses),
    kafka: { brokers, kill: refuse, pause: refuse, resume: refuse, restart: refuse, stop: async () => {} },
    stop: async () => {},
  }
}
