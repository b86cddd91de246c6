import { ValenceError } from '@valence/schemas'
import type { CommandOptions } from './context.ts'

/** The flag of an option: `intervalMs` → `--interval-ms`. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function refuse(name: string, expectation: string, given: string): never {
  throw new ValenceError('VAL_USAGE_INVALID', `${flagOf(name)} must be ${expectation}, not ${JSON.stringify(given)}`)
}

/** The value of an option; undefined if it was not given. */
export function textOption(options: CommandOptions, name: string): string | undefined {
  const given = options[name]
  if (typeof given !== 'string') return undefined
  if (given === '') refuse(name, 'a text that is not empty', given)
  return given
}

/** A whole number of at least `min`; undefined if the option was not given. @throws VAL_USAGE_INVALID */
export function countOption(options: CommandOptions, name: string, min = 1): number | undefined {
  const given = textOption(options, name)
  if (given === undefined) return undefined
  const count = Number(given)
  if (!/^\d+$/.test(given) || !Number.isSafeInteger(count) || count < min) {
    refuse(name, `a whole number of at least ${min}`, given)
  }
  return count
}

/** One of the choices; the first if the option was not given. @throws VAL_USAGE_INVALID */
export function choiceOption<const T extends string>(
  options: CommandOptions,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const given = textOption(options, name) ?? choices[0]
  const choice = choices.find((known) => known === given)
  return choice ?? refuse(name, `one of ${choices.join(', ')}`, given)
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * A time in epoch milliseconds, from ISO 8601 or an age before now like `30m`. Times before 1970 become 0: negative
 * timestamps have a special meaning in Kafka (-1 latest, -2 earliest). @throws VAL_USAGE_INVALID
 */
export function timeOption(options: CommandOptions, name: string, now: number): number | undefined {
  const given = textOption(options, name)
  if (given === undefined) return undefined
  const age = /^(\d{1,9})([smhd])$/.exec(given)
  if (age) return Math.max(0, now - Number(age[1]) * unitMs[age[2] as keyof typeof unitMs])
  const moment = /^\d{4}-\d{2}-\d{2}/.test(given) ? Date.parse(given) : Number.NaN
  return Number.isNaN(moment)
    ? refuse(name, 'a time (ISO 8601) or an age like 30m, 12h or 7d', given)
    : Math.max(0, moment)
}
