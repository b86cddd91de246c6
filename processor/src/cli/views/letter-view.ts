import { isUtf8 } from 'node:buffer'
import { type DeadLetter, deadLetterJson, errorRowOf } from '@valence/schemas'
import type { FoundLetter } from '../../jobs/dead-letters/dead-letters.ts'
import { previewBytes, showBytes } from '../bytes-preview.ts'
import { showTime } from '../show-time.ts'

const shownBytes = 4_096
const headerWidth = 200
/** Limits the width of the name column, which fits the longest name. */
const headerNameWidth = 60

/** The help text of the catalogue; undefined for a code of a later version. */
function helpFor(code: string): string | undefined {
  return errorRowOf(code)?.help
}

export function letterToJson({ partition, record }: FoundLetter, letter: DeadLetter) {
  const { value, ...rest } = deadLetterJson.toJson(letter)
  return {
    partition,
    offset: String(record.offset),
    ...rest,
    help: helpFor(letter.code) ?? null,
    value,
    /** `value` as text, in addition to base64; null if not UTF-8. */
    valueText: letter.value !== null && isUtf8(letter.value) ? letter.value.toString('utf8') : null,
  }
}

/** All fields of one dead letter, as lines of text. */
export function describeLetter({ partition, record }: FoundLetter, letter: DeadLetter): string[] {
  const { origin } = letter
  const help = helpFor(letter.code)
  const facts: [string, string][] = [
    ['position', `${partition}:${record.offset}`],
    ['code', letter.code],
    ['message', previewBytes(Buffer.from(letter.message), 1_000)],
    ...(help === undefined ? [] : [['what to do', help] as [string, string]]),
    ['failed at', showTime(letter.failedAt)],
    ['origin', `${origin.topic} ${origin.partition}:${origin.offset}`],
    ...(origin.timestamp === null || origin.timestamp < 0
      ? []
      : [['produced at', showTime(origin.timestamp)] as [string, string]]),
    ['key', previewBytes(letter.key, headerWidth)],
    ...letter.headers.map(({ name, value, nameBytes }): [string, string] => [
      `header ${previewBytes(nameBytes ?? Buffer.from(name), headerNameWidth)}`,
      previewBytes(value, headerWidth),
    ]),
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  const size = letter.value === null ? 'null' : `${letter.value.length} bytes`
  return [
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    `${'value'.padEnd(width)}  ${size}`,
    ...(letter.value === null ? [] : ['', ...showBytes(letter.value, shownBytes)]),
  ]
}
