import { formatFieldPath, parseExactly } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { findCandidates } from '../../../../src/jobs/try/candidate-fields.ts'

const sentences = ['The room was clean and quiet.', 'Never again, I want my money back!', 'It does what it says.']

function found(values: readonly unknown[]) {
  const { texts, id, occurredAt } = findCandidates(
    values.map((value) => parseExactly(Buffer.from(JSON.stringify(value)))),
  )
  return {
    texts: texts.map(({ path }) => formatFieldPath(path)),
    id: id && formatFieldPath(id),
    occurredAt: occurredAt && formatFieldPath(occurredAt),
  }
}

describe('findCandidates', () => {
  it('finds sentences, the id beside them and the time of a change stream', () => {
    const values = sentences.map((comment, index) => ({
      op: 'c',
      ts_ms: 1_764_500_000_000 + index,
      source: { db: 'shop', table: 'reviews' },
      after: {
        review_id: index,
        rating: 4,
        customer: { uuid: `0f2b6c1e-0000-4000-8000-00000000000${index}`, name: 'Ann Lee' },
        comment,
        photo: `https://cdn.example.com/a/b/${index}.jpg`,
      },
    }))
    expect(found(values)).toEqual({ texts: ['after.comment'], id: 'after.review_id', occurredAt: 'ts_ms' })
  })

  it('puts the field with more words first, and looks into lists', () => {
    const values = sentences.map((body) => ({ parts: [{ body: `${body} ${body}`, title: 'So and so' }] }))
    expect(found(values).texts).toEqual(['parts[0].body', 'parts[0].title'])
  })

  it('finds texts without spaces between their words', () => {
    expect(found([{ t: 'この部屋はとても静かでした' }, { t: '房间很干净' }]).texts).toEqual(['t'])
  })

  it('tells ids of 64 bits apart', () => {
    const values = [0, 1].map((last) => `{"id":8800000000000000${last},"t":"a b c d"}`)
    const { id } = findCandidates(values.map((value) => parseExactly(Buffer.from(value))))
    expect(id).toEqual(['id'])
  })

  it('takes neither repeated ids nor numbers that are no times', () => {
    const values = sentences.map((text) => ({ id: 7, created_at: 5, text }))
    expect(found(values)).toEqual({ texts: ['text'], id: undefined, occurredAt: undefined })
  })

  it('finds nothing where nobody wrote sentences', () => {
    const values = [
      { a: 'x7f', url: 'https://a/b c', at: '2026-01-01T00:00:00Z', blob: 'aGVsbG8gd29ybGQ=' },
      5,
      null,
      [],
    ]
    expect(found(values)).toEqual({ texts: [], id: undefined, occurredAt: 'at' })
  })

  it('reads names that objects inherit', () => {
    expect(found([JSON.parse('{"__proto__":{"constructor":"good as it can be"}}')]).texts).toEqual([
      '__proto__.constructor',
    ])
  })
})
