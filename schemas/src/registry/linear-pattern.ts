import { RE2JS } from 're2js'
import { ValenceError } from '../errors.ts'

/** A regular expression that runs in time linear in the text. */
export interface LinearPattern {
  test(text: string): boolean
  /** Maximum cost per character of the text, in states of the automaton. */
  readonly size: number
}

/** Maximum states of a pattern; nested repetitions multiply them. */
const maxStates = 5_000

const whiteSpace = '\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}'
const noWhiteSpace =
  '\\x{0}-\\x{8}\\x{e}-\\x{1f}!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}' +
  '\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}'

/** Escapes that RE2 defines differently from ECMA-262 → their translation outside and inside of a character class. */
const translations: Readonly<Record<string, { readonly outside: string; readonly inside: string }>> = {
  '\\s': { outside: `[${whiteSpace}]`, inside: whiteSpace },
  '\\S': { outside: `[^${whiteSpace}]`, inside: noWhiteSpace },
  '.': { outside: '[^\\n\\r\\x{2028}\\x{2029}]', inside: '.' },
}

/** An escape, a bracket or a single character. */
const pieces = /\\u\{[0-9a-fA-F]+\}|\\[\s\S]|[\s\S]/gu

function inTermsOfRe2(pattern: string): string {
  const translated: string[] = []
  let inClass = false
  for (const [piece] of pattern.matchAll(pieces)) {
    if (piece === '\\k') throw new Error('back-references take more than linear time')
    const other = translations[piece]
    translated.push(other === undefined ? piece : inClass ? other.inside : other.outside)
    if (piece === '[') inClass = true
    if (piece === ']') inClass = false
  }
  return RE2JS.translateRegExp(translated.join(''))
}

/**
 * Compiles a regular expression of ECMA-262 for RE2. Look-around and back-references are refused: RE2 does not have them,
 * and JavaScript's engine needs exponential time for some. Throws VAL_SCHEMA_PATTERN_REFUSED.
 */
export function compileLinearPattern(pattern: string): LinearPattern {
  try {
    const compiled = RE2JS.compile(inTermsOfRe2(pattern))
    const size = compiled.programSize()
    if (size > maxStates) throw new Error(`${size} states are more than ${maxStates}`)
    return { size, test: (text) => compiled.test(text) }
  } catch (cause) {
    const detail = `${JSON.stringify(pattern.slice(0, 80))}: ${(cause as Error).message.slice(0, 100)}`
    throw new ValenceError('VAL_SCHEMA_PATTERN_REFUSED', detail, { cause })
  }
}
