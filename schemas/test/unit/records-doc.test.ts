import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  defaultTopics,
  embeddedSchemas,
  errorCatalogue,
  headerNames,
  scoredEventJson,
  textEventJson,
} from '../../src/index.ts'

const document = readFileSync(new URL('../../../docs/records.md', import.meta.url), 'utf8')

/** The lines from a heading to the next of the same level. */
function section(heading: string): string {
  const start = document.indexOf(`\n${heading}\n`)
  expect(start, `docs/records.md has the heading ${heading}`).toBeGreaterThan(0)
  const level = heading.slice(0, heading.indexOf(' ') + 1)
  const end = document.indexOf(`\n${level}`, start + heading.length)
  return document.slice(start, end === -1 ? undefined : end)
}

/** The names in the first column of a section's first table. */
function firstColumn(text: string): string[] {
  const table = /(?:^\|.*\|\n)+/m.exec(text)?.[0] ?? ''
  const cells = table
    .split('\n')
    .slice(2)
    .map((line) => line.split('|')[1] ?? '')
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
}

function fieldsOf(kind: keyof typeof embeddedSchemas): string[] {
  return embeddedSchemas[kind].avro.fields.map((field) => field.name)
}

function examples(): unknown[] {
  return [...document.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => JSON.parse(json))
}

describe('docs/records.md', () => {
  it('lists the fields of text, scored and feedback events, and no others', () => {
    expect(firstColumn(section('## TextEvent'))).toEqual(fieldsOf('text-event'))
    expect(firstColumn(section('## ScoredEvent'))).toEqual(fieldsOf('scored-event'))
    expect(firstColumn(section('## FeedbackEvent'))).toEqual(fieldsOf('feedback-event'))
  })

  it('names every field of a dead letter', () => {
    for (const field of fieldsOf('dead-letter')) expect(section('## Dead letters')).toContain(`\`${field}\``)
  })

  it('lists the headers of a dead letter, and no others', () => {
    const ours = Object.values(headerNames).filter((name) => name.startsWith('valence-'))
    expect(firstColumn(section('## Dead letters'))).toEqual(ours)
  })

  it('names the topics and only codes that exist', () => {
    for (const topic of Object.values(defaultTopics)) expect(document).toContain(`\`${topic}\``)
    for (const [code] of document.matchAll(/VAL_[A-Z0-9_]+/g)) expect(errorCatalogue).toHaveProperty(code)
  })

  it('shows valid examples', () => {
    const [text, scored, ...others] = examples()
    expect(others).toEqual([])
    const event = textEventJson.parse(text)
    const { id, occurredAt, source, lang, attributes } = scoredEventJson.parse(scored)
    // The second example is the score of the first.
    expect({ id, occurredAt, source, lang, attributes, text: event.text }).toEqual(event)
    expect(scoredEventJson.toJson(scoredEventJson.parse(scored))).toEqual(scored)
  })

  it('shows a scored event with consistent numbers', () => {
    const { scores, valence, label } = scoredEventJson.parse(examples()[1])
    const { negative = 0, neutral = 0, positive = 0 } = scores
    expect(negative + neutral + positive).toBeCloseTo(1)
    expect(positive - negative).toBeCloseTo(valence)
    expect(scores[label]).toBe(Math.max(negative, neutral, positive))
  })
})
