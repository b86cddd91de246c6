import { isValenceError } from '@valence/schemas'
import fc from 'fast-check'
import type { Addition } from '../../../src/enrich/addition.ts'

export const addition: Addition = {
  label: 'positive',
  scores: { negative: 0.1, neutral: 0.2, positive: 0.7 },
  valence: 0.6,
  model: { name: 'm', version: '1.0.0', sha256: '0123456789ab' },
  scoredAt: 1_735_720_201_000,
  warnings: ['truncated'],
}

const text = fc.string({ unit: 'grapheme', maxLength: 8 })
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)

/** Any addition; scores have names that objects keep in their order. */
export const additions: fc.Arbitrary<Addition> = fc.record({
  label: text,
  scores: fc.dictionary(
    // Not `__proto__`, and no number: objects sort those.
    text.map((name) => `l${name}`),
    number,
    { maxKeys: 3, noNullPrototype: true },
  ),
  valence: number,
  model: fc.record({ name: text, version: text, sha256: text }),
  scoredAt: fc.integer({ min: 0, max: 8_640_000_000_000 }),
  warnings: fc.array(text, { maxLength: 2 }),
})

/** The code that a call is refused with. */
export function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (isValenceError(error)) return error.code
    throw error
  }
  return 'none'
}
