import { formatFieldPath } from '@valence/schemas'
import type { Candidates } from '../../jobs/try/candidate-fields.ts'
import type { TriedRecord, TriedTopic } from '../../jobs/try/try-topic.ts'
import type { InputShape } from '../../pipeline/decode.ts'
import { previewBytes } from '../bytes-preview.ts'
import { formatTable } from '../table.ts'

const minPreview = 20
/** Columns of the table beside the text, with their gaps. */
const otherColumns = 62

/** How the value was recognised. */
function nameInput(input: InputShape | undefined): string {
  if (input === undefined) return '-'
  if (input.schemaId !== undefined) return `schema ${input.schemaId}`
  return input.format
}

/** Offsets as digits, because they can exceed 2^53. */
export function triedToJson({ partition, outcome }: TriedRecord) {
  const at = { partition, offset: String(outcome.record.offset), kind: outcome.kind }
  if (outcome.kind === 'rejected') {
    const { code, message, detail } = outcome.error
    return { ...at, code, message, detail: detail ?? null }
  }
  if (outcome.kind !== 'scored') return at
  const { event, sentiment } = outcome
  const { label, scores, valence } = sentiment
  return { ...at, format: nameInput(outcome.input), ...event, label, scores, valence }
}

export function candidatesToJson(candidates: Candidates) {
  return {
    texts: candidates.texts.map(({ path, ...rest }) => ({ path: formatFieldPath(path), ...rest })),
    settings: Object.fromEntries(settingsOf(candidates)),
  }
}

/** The settings that read the first of the candidates. */
export function settingsOf({ texts: [text], id, occurredAt }: Candidates): [string, string][] {
  if (text === undefined) return []
  return [
    ['VALENCE_TEXT_FIELD', formatFieldPath(text.path)],
    ...(id ? [['VALENCE_ID_FIELD', formatFieldPath(id)] as [string, string]] : []),
    ...(occurredAt ? [['VALENCE_OCCURRED_AT_FIELD', formatFieldPath(occurredAt)] as [string, string]] : []),
  ]
}

function resultOf({ outcome }: TriedRecord): [label: string, valence: string] {
  if (outcome.kind === 'rejected') return ['dead letter', '']
  if (outcome.kind === 'tombstone') return ['tombstone', '']
  if (outcome.kind === 'passed') return ['passed', '']
  const { label, valence } = outcome.sentiment
  return [label, `${valence < 0 ? '' : '+'}${valence.toFixed(2)}`]
}

function textOf({ outcome }: TriedRecord, width: number): string {
  if (outcome.kind === 'scored') return previewBytes(Buffer.from(outcome.event.text), width)
  if (outcome.kind !== 'rejected') return ''
  const { code, detail } = outcome.error
  return previewBytes(Buffer.from(detail === undefined ? code : `${code}: ${detail}`), width)
}

/** A row for each record. @param columns width of the terminal */
export function tabulateTried(records: readonly TriedRecord[], columns: number): string[] {
  const width = Math.max(minPreview, columns - otherColumns)
  return formatTable(
    [
      { title: 'POSITION', align: 'right' },
      { title: 'READ AS' },
      { title: 'RESULT' },
      { title: 'VALENCE', align: 'right' },
      { title: 'TEXT, OR WHY NOT' },
    ],
    records.map((tried) => [
      `${tried.partition}:${tried.outcome.record.offset}`,
      tried.outcome.kind === 'tombstone' ? 'no value' : nameInput(tried.outcome.input),
      ...resultOf(tried),
      textOf(tried, width),
    ]),
  )
}

/** Fields with sentences, and the settings to copy. @param columns width of the terminal */
export function describeCandidates(candidates: Candidates, records: number, columns: number): string[] {
  if (candidates.texts.length === 0) return ['No field of the sample holds sentences.']
  const width = Math.max(minPreview, columns - otherColumns)
  return [
    ...formatTable(
      [
        { title: 'FIELD' },
        { title: 'RECORDS', align: 'right' },
        { title: 'WORDS', align: 'right' },
        { title: 'EXAMPLE' },
      ],
      candidates.texts.map(({ path, records: own, words, example }) => [
        formatFieldPath(path),
        `${own} of ${records}`,
        words.toFixed(0),
        previewBytes(Buffer.from(example), width),
      ]),
    ),
    '',
    'Settings that read the first of them:',
    '',
    ...settingsOf(candidates).map(([name, value]) => `  ${name}=${/^[\w.]+$/.test(value) ? value : `"${value}"`}`),
  ]
}

/** How many records became what. */
export function countTried({ records }: TriedTopic): string {
  const count = (kind: TriedRecord['outcome']['kind']) => records.filter(({ outcome }) => outcome.kind === kind).length
  const parts = [
    [count('scored'), 'scored'],
    [count('rejected'), 'would become dead letters'],
    [count('tombstone'), 'without a value'],
  ] as const
  return parts.flatMap(([number, what]) => (number > 0 ? [`${number} ${what}`] : [])).join(', ')
}
