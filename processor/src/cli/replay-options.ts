import { ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { type ReplayedSpan, replayGroup } from '../kafka/group-names.ts'
import type { CommandOptions } from './context.ts'
import { textOption, timeOption } from './options.ts'

/** The options of `replay`. @throws VAL_USAGE_INVALID */
export function replayOptions(
  config: Config,
  options: CommandOptions,
  now: number,
): ReplayedSpan & { readonly groupId: string } {
  const refuse = (detail: string) => new ValenceError('VAL_USAGE_INVALID', detail)
  const from = timeOption(options, 'from', now)
  const to = timeOption(options, 'to', now) ?? now
  const outputTopic = textOption(options, 'output')
  const topic = textOption(options, 'topic') ?? (config.inputTopics[0] as string)
  if (from === undefined) throw refuse('--from is needed: where the replay begins')
  if (from >= to) throw refuse('--from must lie before --to')
  if (outputTopic === undefined) throw refuse('--output is needed: a topic for the scores of the replay alone')
  const used = [...config.inputTopics, topic, config.outputTopic, config.deadLetterTopic]
  if (used.includes(outputTopic)) throw refuse(`--output ${outputTopic} is in use; a replay gets a topic of its own`)
  const span = { topic, outputTopic, from, to }
  return { ...span, groupId: textOption(options, 'group') ?? replayGroup(config.kafkaGroupId, span) }
}
