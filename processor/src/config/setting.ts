import { z } from 'zod'

/** One environment variable: its schema, its default and its documentation. */
export interface Setting<T = unknown> {
  readonly schema: z.ZodType<T>
  /** The default, as the text of the variable; undefined: the setting is optional. */
  readonly fallback?: string
  /** Printed instead of a fallback that depends on the machine, in docs and by `doctor`. */
  readonly fallbackNote?: string
  readonly doc: string
  /** The value is never printed. */
  readonly secret?: true
}

export const text = z.string().min(1)
export const port = z.coerce.number().int().min(0).max(65_535)
export const flag = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true')
export const url = (...protocols: string[]) =>
  z.url({ protocol: new RegExp(`^(${protocols.join('|')})$`), error: `must be a URL (${protocols.join(', ')})` })

export function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  return z.coerce.number({ error: 'must be a number' }).int('must be a whole number').min(min).max(max)
}

/** Longest delay of a Node timer, 2^31 − 1 ms (24.8 days). Longer delays overflow and fire after 1 ms. */
export const maxTimerMs = 2 ** 31 - 1

export function milliseconds(min: number, max = maxTimerMs) {
  return whole(min, max)
}

export function required<T>(schema: z.ZodType<T>, fallback: string, doc: string, fallbackNote?: string) {
  return { schema, fallback, doc, ...(fallbackNote === undefined ? {} : { fallbackNote }) }
}

export function optional<T>(schema: z.ZodType<T>, doc: string) {
  return { schema, doc } as { schema: z.ZodType<T>; doc: string; fallback?: never }
}

export function secret<T>(schema: z.ZodType<T>, doc: string) {
  return { schema, doc, secret: true } as { schema: z.ZodType<T>; doc: string; fallback?: never; secret: true }
}
