import { setTimeout as delay } from 'node:timers/promises'
import { createKafka } from '@valence/producer-sdk/kafka'
import type { FaultKind } from './fault-kind.ts'
import { quietBound } from './quiet-bound.ts'
import { givenUpMs, shortTransactions } from './scene.ts'

/** Longer than the group and the transaction coordinator wait: meanwhile others have taken over. */
const zombieMs = givenUpMs + 3_000

export const kills: FaultKind = {
  fault: 'SIGKILL of a processor, restarted after 0.5 s',
  quiet: quietBound('start of a processor', 'back-off'),
  async inject({ seats, dice }) {
    const seat = dice.pick(seats)
    seat.signal('SIGKILL')
    return `SIGKILL of ${seat.name}`
  },
}

export const zombies: FaultKind = {
  fault: 'SIGSTOP of a processor for longer than its session and its transaction last, then SIGCONT',
  quiet: quietBound('heartbeat session', 'start of a processor', 'back-off'),
  environment: shortTransactions,
  async inject({ seats, dice }) {
    const seat = dice.pick(seats)
    seat.signal('SIGSTOP')
    await delay(zombieMs)
    seat.signal('SIGCONT')
    return `${seat.name} was stopped for ${zombieMs} ms`
  },
}

export const naps: FaultKind = {
  fault: 'SIGSTOP of a processor for up to 4 s, then SIGCONT',
  quiet: quietBound('heartbeat session', 'back-off'),
  async inject({ seats, dice }) {
    const seat = dice.pick(seats)
    const ms = 200 + dice.int(3_800)
    seat.signal('SIGSTOP')
    await delay(ms)
    seat.signal('SIGCONT')
    return `${seat.name} was stopped for ${ms} ms`
  },
}

export const rollingRestarts: FaultKind = {
  fault: 'rolling restart of all processors',
  quiet: quietBound('start of a processor', 'back-off'),
  async inject({ seats }) {
    const codes: (number | null)[] = []
    for (const seat of seats) {
      codes.push(await seat.leave())
      await seat.start()
    }
    return `each stopped and started in turn, exit codes ${codes.join(', ')}`
  },
}

export const scaling: FaultKind = {
  fault: 'scaling 1 → 4 → 2',
  quiet: quietBound('heartbeat session', 'back-off'),
  processors: 1,
  async inject({ seats, addSeat }) {
    while (seats.length < 4) await addSeat()
    await Promise.all(seats.filter((seat) => !seat.isTaken).map((seat) => seat.start()))
    await delay(3_000)
    const codes = await Promise.all(seats.slice(2).map((seat) => seat.leave()))
    await delay(3_000)
    codes.push(...(await Promise.all(seats.slice(1, 2).map((seat) => seat.leave()))))
    return `four, then two, then one; exit codes ${codes.join(', ')}`
  },
}

/** Of the input. */
const partitions = 6

/** Somebody else begins a transaction under the id of a partition, which fences its processor though it is still the owner. */
export const strangers: FaultKind = {
  fault: 'the transactional id of a partition taken by a stranger',
  quiet: quietBound('heartbeat session', 'back-off'),
  // Texts that come later cannot be committed before it is noticed.
  lastTexts: ['after', 'with', 'before'],
  async inject({ kafka, topics, dice }) {
    const transactionalId = `${topics.groupId}.${topics.input}.${dice.int(partitions)}`
    const producer = createKafka({ brokers: kafka.brokers, clientId: 'stranger' }).producer({ transactionalId })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.abort()
    await producer.disconnect()
    return transactionalId
  },
}

export const processFaults = [kills, zombies, naps, rollingRestarts, scaling, strangers]
