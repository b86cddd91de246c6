/** Control characters (Cc), format characters (Cf: bidirectional, zero-width) and the line separators U+2028, U+2029. */
const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

function escapeCharacter(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/**
 * Escapes unprintable characters as `\uXXXX`, so that foreign text can neither forge a log line nor control a terminal.
 * Applied to a line of JSON it changes no value.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escapeCharacter)
}

const escapeSequence = /\\(u[0-9a-f]{4}|.)/gi
const harmless = new Set(['\\\\', '\\"', '\\/', '\\n', '\\t'])

/** Doubles the backslash of escapes in JSON, so that a printer that parses the line prints them escaped. */
export function keepEscapes(json: string): string {
  return json.replace(escapeSequence, (sequence) => (harmless.has(sequence) ? sequence : `\\${sequence}`))
}
