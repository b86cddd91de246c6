import { setTimeout as delay } from 'node:timers/promises'
import type { LinkCondition } from '../kafka/tcp-proxy.ts'
import type { FaultKind } from './fault-kind.ts'
import type { KafkaApi, RequestFate } from './kafka-conversation.ts'
import { quietBound } from './quiet-bound.ts'
import { givenUpMs, shortTransactions } from './scene.ts'

/** A processor that was away may find its session and its transactions over, and start anew. */
const afterAbsence = quietBound('heartbeat session', 'start of a processor', 'back-off')
const afterSilence = quietBound('request timeout', 'heartbeat session', 'back-off')
const afterDeath = quietBound('start of a processor', 'back-off')

/** Longer than the coordinators wait for a silent processor. */
const tooLateMs = givenUpMs + 2_000

export const cuts: FaultKind = {
  fault: 'network cut between a processor and all brokers, up to 8 s',
  quiet: afterAbsence,
  async inject({ seats, dice }) {
    const [seat, ms] = [dice.pick(seats), 100 + dice.int(8_000)]
    seat.link.each((proxy) => proxy.cut())
    await delay(ms)
    seat.link.resume()
    return `${seat.name} was cut off for ${ms} ms`
  },
}

export const partialCuts: FaultKind = {
  fault: 'network cut between a processor and one broker, up to 8 s',
  quiet: afterAbsence,
  async inject({ seats, dice }) {
    const [seat, ms] = [dice.pick(seats), 100 + dice.int(8_000)]
    const broker = seat.link.anyBroker(dice)
    seat.link.each((proxy) => proxy.cut(), broker)
    await delay(ms)
    seat.link.resume()
    return `${seat.name} was cut off from broker ${broker} for ${ms} ms`
  },
}

export const blackHoles: FaultKind = {
  fault: 'packets of a processor kept back for longer than its session and its transaction last, then delivered',
  quiet: afterAbsence,
  environment: shortTransactions,
  async inject({ seats, dice }) {
    const seat = dice.pick(seats)
    seat.link.each((proxy) => proxy.stall())
    await delay(tooLateMs)
    seat.link.resume()
    return `${seat.name} was unheard for ${tooLateMs} ms`
  },
}

const halfOpen: FaultKind = {
  fault: 'half-open connections: those of a processor stay open and carry nothing any more',
  quiet: quietBound('request timeout', 'heartbeat session', 'start of a processor', 'back-off'),
  async inject({ seats, dice }) {
    const seat = dice.pick(seats)
    seat.link.each((proxy) => proxy.abandon())
    await delay(5_000)
    return `the connections of ${seat.name} were abandoned`
  },
}

/** Weather over one processor for some seconds. */
function weather(fault: string, condition: Partial<LinkCondition>, ms: number): FaultKind {
  return {
    fault,
    quiet: afterSilence,
    async inject({ seats, dice }) {
      const seat = dice.pick(seats)
      seat.link.set(condition)
      await delay(ms)
      seat.link.resume()
      return `${seat.name} for ${ms} ms`
    },
  }
}

export const slow = weather('network delay of 500 ms each way for 6 s', { delayMs: 500 }, 6_000)
export const lossy = weather(
  '1 % of the messages lost and sent again after 1 s, for 5 s',
  { stallRatio: 0.01, stallMs: 1_000 },
  5_000,
)
export const broken = weather('1 % of the messages lost with their connection, for 5 s', { breakRatio: 0.01 }, 5_000)

const late = { holdMs: tooLateMs }

/** What happens to a single request. */
function ambush(api: KafkaApi, fate: RequestFate, name: string): FaultKind {
  return {
    fault: name,
    quiet: fate === late ? afterAbsence : afterSilence,
    lastTexts: ['with'],
    ...(fate === late && { environment: shortTransactions }),
    async inject({ seats, dice }) {
      const seat = dice.pick(seats)
      const met = await seat.link.ambush(api, fate)
      if (!met) return undefined
      if (typeof fate === 'object') await delay(fate.holdMs)
      return `${api} of ${seat.name}`
    },
  }
}

export const endTxnAnswers = ambush('EndTxn', 'answer lost', 'answer to EndTxn lost')
const produceAnswers = ambush('Produce', 'answer lost', 'answer to Produce lost')

export const ambushes = [
  endTxnAnswers,
  ambush('EndTxn', 'request lost', 'EndTxn lost'),
  ambush('EndTxn', late, 'EndTxn delivered after the transaction and the session are over'),
  produceAnswers,
  ambush('Produce', late, 'Produce delivered after the transaction and the session are over'),
  ambush('TxnOffsetCommit', 'answer lost', 'answer to TxnOffsetCommit lost'),
  ambush('TxnOffsetCommit', late, 'TxnOffsetCommit delivered after the transaction and the session are over'),
  ambush('AddPartitionsToTxn', 'answer lost', 'answer to AddPartitionsToTxn lost'),
  ambush('AddOffsetsToTxn', 'answer lost', 'answer to AddOffsetsToTxn lost'),
  ambush('Fetch', 'answer lost', 'answer to Fetch lost'),
  ambush('Heartbeat', 'answer lost', 'answer to Heartbeat lost'),
]

const [coordinatorLoads, unknownMember] = [14, 25]

/** The group has forgotten a processor, and its coordinator is not ready yet to take it in again. */
export const refusedReturns: FaultKind = {
  fault: 'a heartbeat answered with UNKNOWN_MEMBER_ID, and the join after it with COORDINATOR_LOAD_IN_PROGRESS',
  quiet: afterAbsence,
  async inject({ seats, dice }) {
    const seat = dice.pick(seats)
    const refused = [
      seat.link.ambush('Heartbeat', { errorCode: unknownMember }),
      seat.link.ambush('JoinGroup', { errorCode: coordinatorLoads }),
    ]
    return (await Promise.all(refused)).every(Boolean) ? seat.name : undefined
  },
}

/** A processor dies with its commit under way: decided or not, nobody is there to hear the answer. */
function killAtCommit(fate: RequestFate, name: string): FaultKind {
  return {
    fault: name,
    quiet: afterDeath,
    lastTexts: ['with'],
    async inject({ seats, dice }) {
      const seat = dice.pick(seats)
      if (!(await seat.link.ambush('EndTxn', fate))) return undefined
      seat.signal('SIGKILL')
      return `${seat.name} at its EndTxn`
    },
  }
}

/** What a processor says while it takes its partitions. */
function ambushTakeOver(api: KafkaApi): FaultKind {
  return {
    fault: `SIGKILL of a processor, and the answer to the ${api} of its successor lost`,
    quiet: quietBound('start of a processor', 'request timeout', 'heartbeat session', 'back-off'),
    async inject({ seats, dice }) {
      const seat = dice.pick(seats)
      seat.signal('SIGKILL')
      return (await seat.link.ambush(api, 'answer lost')) ? `${api} of ${seat.name}` : undefined
    },
  }
}

export const deathsBeforeCommit = killAtCommit(
  'request lost',
  'SIGKILL of a processor as it sends EndTxn, which is lost',
)
const deathsAtCommit = killAtCommit('answer lost', 'SIGKILL of a processor as the broker answers its EndTxn')

const deaths = [
  deathsBeforeCommit,
  deathsAtCommit,
  killAtCommit({ holdMs: 3_000 }, 'SIGKILL of a processor while its EndTxn is on its way for 3 s'),
  ambushTakeOver('InitProducerId'),
  ambushTakeOver('JoinGroup'),
  ambushTakeOver('SyncGroup'),
]

export const networkFaults = [
  cuts,
  partialCuts,
  blackHoles,
  halfOpen,
  slow,
  lossy,
  broken,
  ...ambushes,
  refusedReturns,
  ...deaths,
]

/** Over in a second or two each. */
export const shortFaults = [endTxnAnswers, produceAnswers, deathsAtCommit]
