import { randomBytes } from 'node:crypto'
import { limitMessageBytes } from '../kafka/topic-probe.ts'
import type { FaultKind } from './fault-kind.ts'
import { quietBound } from './quiet-bound.ts'
import type { Scene } from './scene.ts'

/** Of the input; each gets one bad record. */
const partitions = 6
const limitBytes = 20_000

/** Records that become dead letters, as the last of their partitions where nothing follows. */
function badRecords(fault: string, createValue: () => string, prepare?: (scene: Scene) => Promise<void>): FaultKind {
  return {
    fault,
    quiet: quietBound('back-off'),
    lastTexts: ['before'],
    deadLetters: partitions,
    async inject(scene) {
      await prepare?.(scene)
      const messages = Array.from({ length: partitions }, (_, partition) => ({ partition, value: createValue() }))
      await scene.kafka.send(scene.topics.input, messages)
      return `one in each of ${partitions} partitions`
    },
  }
}

export const recordFaults = [
  badRecords('a record that cannot be read', () => '{"text": 1'),
  badRecords('a text that fails in the graph', () => 'poison'),
  badRecords(
    'a text whose result is larger than max.message.bytes',
    // Random letters, so that no compression makes it fit.
    () => {
      const text = randomBytes(limitBytes).toString('base64')
      return JSON.stringify({ text, attributes: { text } })
    },
    ({ kafka, topics }) => limitMessageBytes(kafka, topics.output, limitBytes),
  ),
]
