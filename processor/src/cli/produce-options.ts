import { ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import type { ProduceOptions } from '../jobs/produce/produce-run.ts'
import { fileFormats } from '../text-files/input-file.ts'
import type { CommandOptions } from './context.ts'
import { choiceOption, countOption, textOption } from './options.ts'

/** The options of `produce`. @throws VAL_USAGE_INVALID */
export function produceOptions(config: Config, options: CommandOptions, path: string): ProduceOptions {
  const raw = options.raw === true
  const key = textOption(options, 'key')
  const format = choiceOption(options, 'format', fileFormats)
  if (raw && (key !== undefined || format !== 'auto')) {
    throw new ValenceError('VAL_USAGE_INVALID', '--raw looks into no line, so it goes with neither --key nor --format')
  }
  const topic = textOption(options, 'topic') ?? (config.inputTopics[0] as string)
  return { path, topic, format, key, raw, rate: countOption(options, 'rate') }
}
