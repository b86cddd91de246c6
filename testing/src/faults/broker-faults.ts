import { setTimeout as delay } from 'node:timers/promises'
import type { FaultKind } from './fault-kind.ts'
import { groupCoordinatorOf, leaderOf, transactionCoordinatorOf } from './leadership.ts'
import { quietBound } from './quiet-bound.ts'
import type { Scene } from './scene.ts'

/** Below and above the time after which the others take the leadership from a dead broker (6 s). */
const shortestMs = 500
const longestMs = 9_000

async function killAndRestart({ cluster, dice }: Scene, broker: number): Promise<string> {
  const downMs = shortestMs + dice.int(longestMs - shortestMs)
  await cluster.kill(broker)
  await delay(downMs)
  await cluster.restart(broker)
  return `broker ${broker} was killed and restarted after ${downMs} ms`
}

/** Of the input; the output has one more. */
const partitions = 6
const pauseMs = [2_000, 5_000] as const
const quiet = quietBound('session of a dead broker and new coordinator', 'request timeout', 'back-off')

export const leaderKills: FaultKind = {
  fault: 'SIGKILL of the leader of an output partition, later restarted',
  quiet,
  pauseMs,
  async inject(scene) {
    const { kafka, topics, dice } = scene
    return killAndRestart(scene, await leaderOf(kafka.admin, topics.output, dice.int(partitions)))
  },
}

export const inputLeaderKills: FaultKind = {
  fault: 'SIGKILL of the leader of an input partition, later restarted',
  quiet,
  pauseMs,
  async inject(scene) {
    const { kafka, topics, dice } = scene
    return killAndRestart(scene, await leaderOf(kafka.admin, topics.input, dice.int(partitions)))
  },
}

export const groupCoordinatorKills: FaultKind = {
  fault: 'SIGKILL of the group coordinator, later restarted',
  quiet,
  pauseMs,
  async inject(scene) {
    return killAndRestart(scene, await groupCoordinatorOf(scene.kafka.admin, scene.topics.groupId))
  },
}

export const transactionCoordinatorKills: FaultKind = {
  fault: 'SIGKILL of a transaction coordinator, later restarted',
  quiet,
  pauseMs,
  async inject(scene) {
    const { kafka, topics, dice } = scene
    const transactionalId = `${topics.groupId}.${topics.input}.${dice.int(partitions)}`
    return killAndRestart(scene, await transactionCoordinatorOf(kafka.admin, transactionalId))
  },
}

export const brokersInTurn: FaultKind = {
  fault: 'SIGKILL and restart of each broker in turn',
  quiet,
  pauseMs,
  async inject(scene) {
    const lines: string[] = []
    for (const broker of scene.cluster.brokers.keys()) lines.push(await killAndRestart(scene, broker))
    return lines.join('; ')
  },
}

export const rollingBrokers: FaultKind = {
  fault: 'graceful restart of a broker',
  quiet,
  pauseMs,
  async inject({ cluster, dice }) {
    const broker = dice.int(cluster.brokers.length)
    await cluster.restart(broker)
    return `broker ${broker} was restarted`
  },
}

export const brokerAndProcessorKills: FaultKind = {
  fault: 'SIGKILL of a transaction coordinator and of a processor together',
  quiet: quietBound(...quiet.waits, 'start of a processor'),
  pauseMs,
  async inject(scene) {
    const seat = scene.dice.pick(scene.seats)
    seat.signal('SIGKILL')
    return `${seat.name} was killed; ${await transactionCoordinatorKills.inject(scene)}`
  },
}

/** Up to the example that was seen in the field: a broker that stood still for 45 s. */
const longestSilenceMs = 45_000

export const silentBrokers: FaultKind = {
  fault: 'SIGSTOP of all brokers for up to 45 s, then SIGCONT',
  quiet: quietBound(...quiet.waits, 'heartbeat session', 'start of a processor'),
  pauseMs,
  async inject({ cluster, dice }) {
    const ms = 5_000 + dice.int(longestSilenceMs - 5_000)
    const all = [...cluster.brokers.keys()]
    await Promise.all(all.map((broker) => cluster.pause(broker)))
    await delay(ms)
    await Promise.all(all.map((broker) => cluster.resume(broker)))
    return `for ${ms} ms`
  },
}

export const leaderMoves: FaultKind = {
  fault: 'leadership of an output partition moved to another broker',
  quiet: quietBound('request timeout', 'back-off'),
  pauseMs: [500, 1_500],
  // With one replica a partition's leader moves at once to where it is told to go.
  replication: 1,
  async inject({ kafka, topics, dice, cluster }) {
    const partition = dice.int(partitions)
    const from = await leaderOf(kafka.admin, topics.output, partition)
    const to = (from + 1 + dice.int(cluster.brokers.length - 1)) % cluster.brokers.length
    const partitionAssignment = [{ partition, replicas: [to + 1] }]
    await kafka.admin.alterPartitionReassignments({ topics: [{ topic: topics.output, partitionAssignment }] })
    while ((await leaderOf(kafka.admin, topics.output, partition)) !== to) await delay(50)
    return `output partition ${partition} moved from broker ${from} to ${to}`
  },
}

export const brokerFaults = [
  leaderKills,
  inputLeaderKills,
  groupCoordinatorKills,
  transactionCoordinatorKills,
  brokersInTurn,
  rollingBrokers,
  brokerAndProcessorKills,
  silentBrokers,
  leaderMoves,
]
