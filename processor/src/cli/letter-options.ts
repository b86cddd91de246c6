import { errorCatalogue, ValenceError } from '@valence/schemas'
import { closest, distance } from 'fastest-levenshtein'
import type { LetterFilter } from '../jobs/dead-letters/dead-letters.ts'
import type { CommandOptions } from './context.ts'
import { textOption, timeOption } from './options.ts'

/** The options --code, --since and --until. @throws VAL_USAGE_INVALID */
export function letterFilter(options: CommandOptions, now: number): LetterFilter {
  const codes = textOption(options, 'code')
    ?.split(',')
    .map((code) => code.trim())
    .filter((code) => code !== '')
  for (const code of codes ?? []) if (!Object.hasOwn(errorCatalogue, code)) refuseCode(code)
  return {
    codes: codes && new Set(codes),
    since: timeOption(options, 'since', now) ?? Number.NEGATIVE_INFINITY,
    until: timeOption(options, 'until', now) ?? Number.POSITIVE_INFINITY,
  }
}

function refuseCode(code: string): never {
  const nearest = closest(code, Object.keys(errorCatalogue))
  const hint = distance(code, nearest) <= code.length / 2 ? `; did you mean ${nearest}?` : ''
  throw new ValenceError('VAL_USAGE_INVALID', `--code: ${JSON.stringify(code)} is no error code${hint}`)
}

/** `PARTITION:OFFSET`. @throws VAL_USAGE_INVALID */
export function parsePosition(given: string): { partition: number; offset: bigint } {
  const found = /^(\d{1,9}):(\d{1,18})$/.exec(given)
  if (!found) throw new ValenceError('VAL_USAGE_INVALID', `a position looks like 0:17, not ${JSON.stringify(given)}`)
  return { partition: Number(found[1]), offset: BigInt(found[2] ?? '') }
}
