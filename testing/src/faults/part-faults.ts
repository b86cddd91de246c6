import { setTimeout as delay } from 'node:timers/promises'
import type { FaultKind } from './fault-kind.ts'
import type { RedisLie } from './lying-redis.ts'
import { quietBound } from './quiet-bound.ts'
import type { RegistryMood } from './registry-gate.ts'
import type { Scene } from './scene.ts'

/** Every text is asked of Redis, and comes again and again. */
const redisAtWork = { VALENCE_CACHE_MAX_BYTES: '0' }
const pauseMs = [1_000, 2_500] as const

function redisFault(fault: string, begin: (redis: Scene['redis']) => void): FaultKind {
  return {
    fault,
    quiet: quietBound('back-off'),
    pauseMs,
    environment: redisAtWork,
    distinctTexts: 2_000,
    async inject({ redis, dice }) {
      const ms = 500 + dice.int(4_000)
      begin(redis)
      await delay(ms)
      redis.resume()
      redis.lie = undefined
      return `for ${ms} ms`
    },
  }
}

function lyingRedis(lie: RedisLie): FaultKind {
  return redisFault(`Redis answers with ${lie}`, (redis) => {
    redis.lie = lie
  })
}

export const redisFaults = [
  redisFault('Redis down', (redis) => redis.cut()),
  redisFault('Redis slow: 1 s more for each answer', (redis) => redis.set({ delayMs: 500 })),
  redisFault('Redis silent', (redis) => redis.stall()),
  lyingRedis('errors'),
  lyingRedis('garbage'),
  lyingRedis('values of other keys'),
]

/** The registry is needed by a processor that has just started: it knows no schema yet. */
function registryFault(fault: string, mood: RegistryMood): FaultKind {
  return {
    fault: `${fault} while a processor starts`,
    quiet: quietBound('start of a processor', 'circuit breaker of the registry', 'back-off'),
    pauseMs,
    avro: true,
    async inject({ registry, seats, dice }) {
      const [seat, ms] = [dice.pick(seats), 2_000 + dice.int(4_000)]
      registry.mood = mood
      seat.signal('SIGKILL')
      await delay(ms)
      registry.mood = 'well'
      return `${seat.name}, for ${ms} ms`
    },
  }
}

const registryFaults = [
  registryFault('schema registry down', 'down'),
  registryFault('schema registry slow', 'slow'),
  registryFault('schema registry refuses with 503', 'refuses'),
  registryFault('schema registry answers with a web page', 'page'),
  registryFault('schema registry answers null', 'empty'),
  registryFault('schema registry cut short in its answers', 'cut short'),
]

const preload = new URL('./misbehave.preload.ts', import.meta.url).href

function misbehaviour(fault: string, name: string, environment: Readonly<Record<string, string>> = {}): FaultKind {
  return {
    fault,
    quiet: quietBound('inference timeout and new worker', 'heartbeat session', 'back-off'),
    pauseMs,
    environment: { ...environment, NODE_OPTIONS: `--import ${preload}`, TEST_MISBEHAVIOUR: name },
    async inject({ seats, dice }) {
      const seat = dice.pick(seats)
      seat.signal('SIGUSR2')
      await delay(1_000)
      return seat.name
    },
  }
}

const workers = { VALENCE_INFERENCE_WORKERS: '2', VALENCE_INFERENCE_TIMEOUT_MS: '1000' }

/** One after the other. */
export const workersInTurn = misbehaviour('inference workers hang, throw or exit', 'hang,throw,exit', workers)

const insideFaults = [
  misbehaviour('inference workers hang', 'hang', workers),
  misbehaviour('inference workers throw', 'throw', workers),
  misbehaviour('inference workers exit', 'exit', workers),
  misbehaviour('clock jumps, by 10 s up to a day, back and forth', 'clock'),
]

export const partFaults = [...redisFaults, ...registryFaults, ...insideFaults]
