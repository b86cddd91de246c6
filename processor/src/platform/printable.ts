/** Characters that move a cursor, end a line, or turn or hide what is shown: controls, formats, line separators. */
const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

function escapeCharacter(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/**
 * The same text with everything unprintable written as `\uXXXX`, so that whoever wrote it can neither forge a line nor
 * command a terminal. Within JSON this changes no value.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escapeCharacter)
}

const escapeSequence = /\\(u[0-9a-f]{4}|.)/gi
const harmless = new Set(['\\\\', '\\"', '\\/', '\\n', '\\t'])

/** A line of JSON whose escaped characters stay escaped when it is parsed: for whoever prints its strings as they are. */
export function keepEscapes(json: string): string {
  return json.replace(escapeSequence, (sequence) => (harmless.has(sequence) ? sequence : `\\${sequence}`))
}
