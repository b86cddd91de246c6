import { EventEmitter } from 'node:events'
import { beforeEach, expect, it, vi } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { silentLogger } from '../../../src/observability/logger.ts'
import { fittingProcessors, supervise } from '../../../src/services/supervisor.ts'

interface Child extends EventEmitter {
  readonly env: Readonly<Record<string, string>>
  readonly detached: boolean
}

const system = vi.hoisted(() => ({
  children: [] as unknown[],
  killed: [] as unknown[],
  onReport: undefined as ((report: unknown) => void) | undefined,
  stopped: 0,
}))
vi.mock('node:child_process', () => ({
  spawn(_: string, __: string[], { env, detached }: { env: Record<string, string>; detached: boolean }) {
    const child = Object.assign(new EventEmitter(), {
      env,
      detached,
      kill(signal: string) {
        system.killed.push([env.VALENCE_KAFKA_INSTANCE_ID, signal])
        setImmediate(() => child.emit('exit', 0, null))
      },
    })
    system.children.push(child)
    return child
  },
}))
vi.mock('../../../src/services/lag-service.ts', () => ({
  scalerOptions: () => ({}),
  watchScaling(_: unknown, __: unknown, options: { minReplicas: number }, onReport: (report: unknown) => void) {
    expect(options).toMatchObject({ minReplicas: 2, maxReplicas: 4 })
    system.onReport = onReport
    return {
      async stop() {
        system.stopped += 1
      },
    }
  },
}))

beforeEach(() => Object.assign(system, { children: [], killed: [], onReport: undefined, stopped: 0 }))

const children = () => system.children as Child[]
const wanting = (desiredReplicas: number) => ({
  desiredReplicas,
  reason: '',
  demand: 0,
  capacity: 0,
  total: { lag: 0n },
})

it('runs as many processors as the policy wants, each as an instance of its own, and stops them all at the end', async () => {
  const stop = new AbortController()
  const options = {
    config: readConfig({ VALENCE_KAFKA_GROUP_ID: 'g' }),
    environment: { OWN: '1' },
    logger: silentLogger,
  }
  const done = supervise({ ...options, minReplicas: 2, maxReplicas: 4 }, stop.signal)
  expect(children().map(({ env }) => env)).toEqual(
    ['g-0', 'g-1'].map((id) => ({
      OWN: '1',
      VALENCE_KAFKA_INSTANCE_ID: id,
      VALENCE_ADMIN_PORT: '0',
      VALENCE_HTTP_PORT: '0',
    })),
  )
  expect(children().every(({ detached }) => detached)).toBe(true)
  system.onReport?.(wanting(3))
  expect(children()).toHaveLength(3)
  system.onReport?.(wanting(2))
  expect(system.killed).toEqual([['g-2', 'SIGTERM']])
  stop.abort()
  await done
  expect(system.killed).toEqual([
    ['g-2', 'SIGTERM'],
    ['g-1', 'SIGTERM'],
    ['g-0', 'SIGTERM'],
  ])
  expect(system.stopped).toBe(1)
})

it.each([
  [1, 2],
  [8, 2],
  [16, 4],
  [19, 4],
])('%d cores fit %d processors', (cores, processors) => {
  expect(fittingProcessors(cores)).toBe(processors)
})
