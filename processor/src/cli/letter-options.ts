import { ValenceError } from '@valence/schemas'
import type { LetterFilter } from '../jobs/dead-letters/dead-letters.ts'
import type { CommandOptions } from './context.ts'
import { textOption, timeOption } from './options.ts'

/** The options --code, --since and --until. @throws VAL_USAGE_INVALID */
export function letterFilter(options: CommandOptions, now: number): LetterFilter {
  const codes = textOption(options, 'code')
    ?.split(',')
    .map((code) => code.trim())
    .filter((code) => code !== '')
  return {
    codes: codes && new Set(codes),
    since: timeOption(options, 'since', now) ?? Number.NEGATIVE_INFINITY,
    until: timeOption(options, 'until', now) ?? Number.POSITIVE_INFINITY,
  }
}

/** `PARTITION:OFFSET`. @throws VAL_USAGE_INVALID */
export function parsePosition(given: string): { partition: number; offset: bigint } {
  const found = /^(\d{1,9}):(\d{1,18})$/.exec(given)
  if (!found) throw new ValenceError('VAL_USAGE_INVALID', `a position looks like 0:17, not ${JSON.stringify(given)}`)
  return { partition: Number(found[1]), offset: BigInt(found[2] ?? '') }
}
