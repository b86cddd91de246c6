import { isValenceError } from '@valence/schemas'
import type { FoundLetter } from '../../jobs/dead-letters/dead-letters.ts'
import { previewBytes } from '../bytes-preview.ts'
import { showTime } from '../show-time.ts'
import { formatTable } from '../table.ts'

const previewWidth = 40

export function foundLetterToJson({ partition, record, letter }: FoundLetter) {
  const position = { partition, offset: String(record.offset) }
  if (isValenceError(letter)) return { ...position, code: null, message: letter.message, failedAt: null, origin: null }
  const { code, message, failedAt, origin } = letter
  return { ...position, code, message, failedAt, origin }
}

/** One row for each letter. */
export function tabulateLetters(found: readonly FoundLetter[]): string[] {
  const rows = found.map(({ partition, record, letter }) => [
    `${partition}:${record.offset}`,
    ...(isValenceError(letter)
      ? [showTime(record.timestamp), '(not a dead letter)', '']
      : [
          showTime(letter.failedAt),
          letter.code,
          `${letter.origin.topic} ${letter.origin.partition}:${letter.origin.offset}`,
        ]),
    previewBytes(record.value, previewWidth),
  ])
  return formatTable(
    [
      { title: 'POSITION', align: 'right' },
      { title: 'FAILED AT' },
      { title: 'CODE' },
      { title: 'ORIGIN' },
      { title: 'VALUE' },
    ],
    rows,
  )
}
