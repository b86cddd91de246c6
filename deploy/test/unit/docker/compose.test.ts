import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { commands } from '@valence/processor/cli/command-table'
import { readConfig } from '@valence/processor/config/config'
import { settings } from '@valence/processor/config/settings'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { images } from '../../../local/images.ts'
import { brokerEnvironment, brokerProperties } from '../../../local/kafka-properties.ts'
import { defaultKafkaVersion } from '../../../local/kafka-version.ts'
import { type ComposeService, readComposeFile, serviceNamed } from '../../support/compose-file.ts'
import { hasCompose, runCompose } from '../../support/compose-tool.ts'
import { finalStage, readDockerfile } from '../../support/dockerfile.ts'
import { readRepositoryFile, repositoryRoot } from '../../support/repository.ts'

const file = readComposeFile()
const own = Object.entries(file.services).filter(([, service]) => service.build !== undefined)

/** Services that do their work and end. */
const oneShots = ['provision', 'logs-setup']

/** Container port → host port of `127.0.0.1:8080:8080`. */
function published(service: ComposeService): [string, string][] {
  return (service.ports ?? []).map((port) => {
    const [address, host = '', container = ''] = port.split(':')
    expect(address, port).toBe('127.0.0.1')
    return [container, host]
  })
}

function seconds(duration = ''): number {
  return Number(/^(\d+)s$/.exec(duration)?.[1])
}

/** What the image sets and the service sets on top, as the processor reads it. */
function configOf(service: ComposeService) {
  const image = finalStage(readDockerfile()).instructions.find(({ keyword }) => keyword === 'ENV')?.arguments ?? []
  const defaults = Object.fromEntries(image.map((pair) => pair.split('=', 2) as [string, string]))
  return readConfig({ ...defaults, ...service.environment })
}

test('conforms to the Compose Specification', () => {
  const schema = JSON.parse(readRepositoryFile('deploy/test/support/compose-spec/compose-spec.json')) as object
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
  const validate = ajv.compile(schema)
  const text = readRepositoryFile('docker-compose.yml')
  const valid = validate(parse(text, { merge: true }))
  expect(validate.errors ?? []).toEqual([])
  expect(valid).toBe(true)
  expect(validate(parse(text.replace('healthcheck:', 'healthchek:'), { merge: true }))).toBe(false)
})

describe('every service', () => {
  test.each(Object.entries(file.services))(
    '%s has an exact image, limits, a restart rule and a health check',
    (name, service) => {
      expect(service.image).toMatch(/^[a-z./-]+:v?\d+\.\d+\.\d+(-[a-z]+)?$/)
      const { cpus, memory } = service.deploy.resources.limits
      expect(Number(cpus)).toBeGreaterThan(0)
      expect(memory).toMatch(/^\d+[mg]$/)
      expect(service.restart).toBeTruthy()
      if (oneShots.includes(name)) expect(service.healthcheck).toEqual({ disable: true })
      else expect(service.healthcheck?.test?.[0]).toBe('CMD')
    },
  )

  test('ports are published on the loopback address, none twice, one for each replica', () => {
    const hosts: number[] = []
    for (const service of Object.values(file.services)) {
      for (const [, range] of published(service)) {
        const [first = 0, last = first] = range.split('-').map(Number)
        expect(last - first + 1).toBe(service.deploy.replicas ?? 1)
        for (let port = first; port <= last; port++) hosts.push(port)
      }
    }
    expect(new Set(hosts).size).toBe(hosts.length)
  })

  test('waits only for services that there are, and for health only where it is checked', () => {
    const waits = Object.values(file.services).flatMap((service) => Object.entries(service.depends_on ?? {}))
    for (const [name, { condition }] of waits) {
      const other = serviceNamed(file, name)
      if (condition === 'service_healthy') expect(other.healthcheck?.test).toBeDefined()
      if (condition === 'service_completed_successfully') expect(other.restart).toMatch(/^on-failure/)
    }
  })

  test('mounts only volumes and files that there are', () => {
    const mounted = Object.values(file.services).flatMap((service) => service.volumes ?? [])
    const sources = mounted.map((volume) => volume.split(':')[0] ?? '')
    expect(sources.filter((source) => /^\w/.test(source))).toEqual(Object.keys(file.volumes))
    for (const source of sources.filter((source) => source.startsWith('./'))) {
      expect(existsSync(join(repositoryRoot, source)), source).toBe(true)
    }
    expect(sources.filter((source) => source.startsWith('/'))).toEqual(['/var/lib/docker/containers'])
  })

  test('waits for nothing that its own profile does not start', () => {
    for (const [name, { profiles = [], depends_on = {} }] of Object.entries(file.services)) {
      for (const other of Object.keys(depends_on)) {
        const started = serviceNamed(file, other).profiles ?? profiles
        expect(started, `${name} waits for ${other}`).toEqual(profiles)
      }
    }
  })
})

test('without a profile only what scores is started', () => {
  const light = Object.entries(file.services).filter(([, { profiles }]) => profiles === undefined)
  expect(light.map(([name]) => name).sort()).toEqual(['kafka', 'processor', 'provision', 'redis', 'registry'])
})

test.skipIf(!hasCompose)('docker-compose on the PATH takes the file, with every profile', { timeout: 30_000 }, () => {
  const services = runCompose('--profile', '*', 'config', '--services')
  expect(services.trim().split('\n').sort()).toEqual(Object.keys(file.services).sort())
})

test('the images are those of the local stack', () => {
  expect(serviceNamed(file, 'kafka').image).toBe(images.kafka(defaultKafkaVersion))
  expect(serviceNamed(file, 'registry').image).toBe(images.registry)
  expect(serviceNamed(file, 'redis').image).toBe(images.redis)
})

test('the versions are those that the local stack fetches', () => {
  const pom = readRepositoryFile('deploy/local/pom.xml')
  expect(pom).toContain(`<kafka.version>${defaultKafkaVersion}</kafka.version>`)
  const registryVersion = images.registry.split(':')[1]
  expect(pom).toContain(`<apicurio.version>${registryVersion}</apicurio.version>`)
  expect(readRepositoryFile('deploy/local/registry-process.ts')).toContain(`const version = '${registryVersion}'`)
})

describe('the broker', () => {
  const { environment = {} } = serviceNamed(file, 'kafka')

  test('takes only settings that the local stack knows', () => {
    const known = brokerProperties({
      index: 0,
      controllers: ['kafka:9093'],
      listeners: {},
      advertised: {},
      interBroker: 'BROKER',
      logs: '',
    })
    const names = [...Object.keys(brokerEnvironment(known)), 'CLUSTER_ID', 'KAFKA_HEAP_OPTS']
    for (const name of Object.keys(environment)) expect(names).toContain(name)
    for (const [name, value] of Object.entries(brokerEnvironment(known))) {
      if (/REPLICATION_FACTOR|MIN_ISR|MIN_INSYNC|AUTO_CREATE/.test(name)) expect(environment[name] ?? value).toBe(value)
    }
  })

  test('has a valid cluster id and tells each kind of client the address that it can reach', () => {
    expect(Buffer.from(environment.CLUSTER_ID ?? '', 'base64url')).toHaveLength(16)
    const advertised = Object.fromEntries(
      (environment.KAFKA_ADVERTISED_LISTENERS ?? '').split(',').map((l) => l.split('://')),
    )
    const listeners = Object.fromEntries((environment.KAFKA_LISTENERS ?? '').split(',').map((l) => l.split('://')))
    const [[container, host] = []] = published(serviceNamed(file, 'kafka'))
    expect(advertised.HOST).toBe(`localhost:${host}`)
    expect(listeners.HOST).toBe(`:${container}`)
    expect(configOf(serviceNamed(file, 'processor')).kafkaBrokers).toEqual([advertised.BROKER])
    expect(advertised.BROKER).toBe(`kafka${listeners.BROKER}`)
    expect(environment.KAFKA_CONTROLLER_QUORUM_VOTERS).toBe(`1@kafka${listeners.CONTROLLER}`)
  })
})

describe('the services of this repository', () => {
  test('there are the processor, the facade, the lag service and the provisioning', () => {
    expect(own.map(([name]) => name).sort()).toEqual(['facade', 'lag-service', 'processor', 'provision'])
  })

  test.each(own)('%s: builds from a file that exists, runs commands and sets settings that exist', (_, service) => {
    expect(existsSync(join(repositoryRoot, service.build?.context ?? '', service.build?.dockerfile ?? ''))).toBe(true)
    const names = Object.keys(service.environment ?? {}).filter((name) => !name.startsWith('OTEL_'))
    for (const name of names) expect(Object.keys(settings)).toContain(name)
    const words = service.entrypoint
      ? (service.command?.[0] ?? '').split('; ')
      : [`valence ${service.command?.join(' ')}`]
    for (const command of words) {
      const [program, ...rest] = command.split(' ')
      expect(program).toBe('valence')
      const spec = commands.find(({ usage }) => `${rest.join(' ')} `.startsWith(`${usage} `))
      expect(spec, command).toBeDefined()
      const flags = rest.filter((word) => word.startsWith('--'))
      for (const flag of flags)
        expect(
          spec?.options?.some(([text]) => text.includes(flag)),
          flag,
        ).toBe(true)
    }
  })

  test.each(own)('%s: its configuration is valid and its addresses are those of the other services', (_, service) => {
    const config = configOf(service)
    const registry = new URL(config.schemaRegistryUrl ?? '')
    const redis = new URL(config.redisUrl ?? '')
    expect(published(serviceNamed(file, registry.hostname)).map(([container]) => container)).toContain(registry.port)
    expect(published(serviceNamed(file, redis.hostname)).map(([container]) => container)).toContain(redis.port)
    for (const [container] of published(service))
      expect([config.httpPort, config.adminPort]).toContain(Number(container))
  })

  test.each(own.filter(([name]) => name !== 'provision'))('%s: is given longer to stop than it takes', (_, service) => {
    expect(seconds(service.stop_grace_period) * 1000).toBeGreaterThan(configOf(service).shutdownTimeoutMs)
    expect(service.restart).toBe('unless-stopped')
    expect(service.read_only).toBe(true)
    // The lag service scores nothing.
    const workers = service.command?.includes('lag-service') ? 0 : configOf(service).inferenceWorkers
    expect(Number(service.deploy.resources.limits.cpus)).toBeGreaterThanOrEqual(workers)
  })

  test('there are two processors', () => {
    expect(serviceNamed(file, 'processor').deploy.replicas).toBe(2)
  })
})
