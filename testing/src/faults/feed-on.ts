import { setTimeout as delay } from 'node:timers/promises'
import type { FaultForm } from './fault-form.ts'
import { Feeder } from './feeder.ts'
import { repeatFault } from './repeat-fault.ts'

const stillMs = 90_000

/** The loud form: texts come all the time, and go on coming after the faults. */
export const feedOn: FaultForm = async (run) => {
  const { scene, kind, encode, say } = run
  const feeder = new Feeder(scene.kafka, scene.topics, { distinctTexts: kind.distinctTexts, encode })
  const [from, to] = kind.pauseMs ?? [1_500, 3_500]
  await repeatFault(run, async () => {
    await delay(from + scene.dice.int(to - from))
    return kind.inject(scene)
  })
  const sent = await feeder.finish(run.records)
  say(`${sent.length} records acknowledged, draining`)
  await scene.kafka.drained(scene.topics, stillMs)
  return { sent }
}
