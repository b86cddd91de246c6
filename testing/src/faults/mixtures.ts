import { createDice } from '../inputs/dice.ts'
import {
  brokerAndProcessorKills,
  groupCoordinatorKills,
  inputLeaderKills,
  leaderKills,
  rollingBrokers,
  transactionCoordinatorKills,
} from './broker-faults.ts'
import type { FaultKind } from './fault-kind.ts'
import { ambushes, blackHoles, broken, cuts, lossy, partialCuts, slow } from './network-faults.ts'
import { redisFaults, workersInTurn } from './part-faults.ts'
import { kills, naps, zombies } from './process-faults.ts'
import { quietBound } from './quiet-bound.ts'

const processes = [kills, zombies, naps]
const networks = [cuts, partialCuts, blackHoles, slow, lossy, broken, ...ambushes]
const brokers = [
  leaderKills,
  inputLeaderKills,
  groupCoordinatorKills,
  transactionCoordinatorKills,
  rollingBrokers,
  brokerAndProcessorKills,
]

/** One of each family at the same time; each has dice of its own, so that a seed replays them however they interleave. */
function together(fault: string, families: readonly (readonly FaultKind[])[]): FaultKind {
  const kinds = families.flat()
  return {
    fault,
    quiet: quietBound(...kinds.flatMap(({ quiet }) => quiet.waits)),
    ...(kinds.some(({ lastTexts }) => lastTexts?.includes('with')) && { lastTexts: ['with'] }),
    processors: 3,
    environment: {
      ...Object.assign({}, ...kinds.map(({ environment }) => environment)),
      // Where brokers die, transactions outlast the session of a broker, as they do by default.
      ...(families.includes(brokers) && { VALENCE_KAFKA_TRANSACTION_TIMEOUT_MS: '30000' }),
    },
    distinctTexts: kinds.find(({ distinctTexts }) => distinctTexts)?.distinctTexts,
    faultsEach: families.length,
    pauseMs: [1_000, 3_000],
    async inject(scene) {
      const picked = families.map((family) => scene.dice.pick(family))
      const scenes = picked.map(() => ({ ...scene, dice: createDice(scene.dice.int(2 ** 31)) }))
      const lines = await Promise.all(picked.map((kind, at) => kind.inject(scenes[at] as typeof scene)))
      return lines.includes(undefined) ? undefined : lines.join(' + ')
    },
  }
}

/** For a stage with three brokers and Redis. */
export const mixtures = [
  together('a processor and the network at once', [processes, networks]),
  together('a broker and a processor at once', [brokers, processes]),
  together('a broker, the network and a processor at once', [brokers, networks, processes]),
  together('Redis, an inference worker and a processor at once', [redisFaults, [workersInTurn], processes]),
]
