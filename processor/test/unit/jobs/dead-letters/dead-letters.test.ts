import { deadLetterHeaders, type RecordHeaders, recordHeader, ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { letterFilter, parsePosition } from '../../../../src/cli/letter-options.ts'
import { matches, toFoundLetter } from '../../../../src/jobs/dead-letters/dead-letters.ts'
import { planReplay, type ReplayStep } from '../../../../src/jobs/dead-letters/replay-plan.ts'
import type { KafkaRecord } from '../../../../src/kafka/record.ts'

const now = Date.parse('2026-01-10T12:00:00Z')

interface LetterOptions {
  readonly code?: string
  readonly failedAt?: number
  readonly value?: Buffer | null
  readonly key?: Buffer | null
  readonly headers?: RecordHeaders
}

function letterAt(offset: number, options: LetterOptions = {}) {
  const {
    code = 'VAL_TEXT_EMPTY',
    failedAt = now,
    value = Buffer.from('v'),
    key = Buffer.from('k'),
    headers = [],
  } = options
  const record: KafkaRecord = {
    offset: BigInt(offset),
    timestamp: BigInt(failedAt + 1),
    key,
    value,
    headers: deadLetterHeaders(headers, {
      code: code as never,
      message: 'why',
      origin: { topic: 'texts', partition: 3, offset: String(offset * 10), timestamp: now },
      failedAt,
    }),
  }
  return toFoundLetter(0, record)
}

const everything = letterFilter({}, now)

describe('letterFilter', () => {
  const codes = (filter: Parameters<typeof letterFilter>[0], ...letters: ReturnType<typeof letterAt>[]) =>
    letters.filter(({ letter }) => !(letter instanceof ValenceError) && matches(letterFilter(filter, now), letter))
      .length

  it('means all dead letters unless told otherwise', () => {
    expect(codes({}, letterAt(1), letterAt(2, { code: 'VAL_FROM_THE_FUTURE' }))).toBe(2)
  })

  it('chooses by one or several codes', () => {
    const letters = [
      letterAt(1),
      letterAt(2, { code: 'VAL_RECORD_INVALID' }),
      letterAt(3, { code: 'VAL_RECORD_NOT_UTF8' }),
    ]
    expect(codes({ code: 'VAL_TEXT_EMPTY' }, ...letters)).toBe(1)
    expect(codes({ code: 'VAL_TEXT_EMPTY, VAL_RECORD_INVALID,' }, ...letters)).toBe(2)
    expect(codes({ code: 'VAL_TEXT_TOO_LARGE' }, ...letters)).toBe(0)
  })

  it('chooses by time, the beginning included, the end not', () => {
    const letters = [0, 1, 2].map((hours) => letterAt(hours, { failedAt: now - hours * 3_600_000 }))
    expect(codes({ since: '1h' }, ...letters)).toBe(2)
    expect(codes({ until: '1h' }, ...letters)).toBe(1)
    expect(codes({ since: '2h', until: '1h' }, ...letters)).toBe(1)
  })
})

describe('toFoundLetter', () => {
  it('marks a record that is no dead letter of ours', () => {
    const record = { offset: 1n, timestamp: BigInt(now), key: null, value: Buffer.from('x'), headers: [] }
    expect(toFoundLetter(2, record)).toMatchObject({ partition: 2, letter: { code: 'VAL_RECORD_INVALID' } })
  })
})

describe('parsePosition', () => {
  it('reads partition and offset', () => {
    expect(parsePosition('3:123456789012')).toEqual({ partition: 3, offset: 123_456_789_012n })
  })

  it.each(['', '3', '3:', ':3', '-1:2', '1:2:3', 'a:b', '1: 2'])('refuses %j', (given) => {
    expect(() => parsePosition(given)).toThrow(expect.objectContaining({ code: 'VAL_USAGE_INVALID' }))
  })
})

describe('planReplay', () => {
  function plan(letters: ReturnType<typeof letterAt>[], filter = everything, limit = Number.POSITIVE_INFINITY) {
    let replayed = 0
    const steps: ReplayStep[] = []
    for (const step of planReplay(letters, BigInt(1_000_000), filter, () => limit - replayed)) {
      replayed += step.outgoing.length
      steps.push(step)
      if (step.isLast) break
    }
    return steps
  }

  it('sends the record as it was to where it came from', () => {
    const headers = [recordHeader('x', '1'), recordHeader('content-type', 'text/plain'), recordHeader('x', null)]
    const [step] = plan([letterAt(1, { value: Buffer.from([0xff]), key: Buffer.from('key'), headers })])
    expect(step?.outgoing).toEqual([
      { topic: 'texts', partition: 3, key: Buffer.from('key'), value: Buffer.from([0xff]), headers },
    ])
  })

  it('settles a batch up to its end, the skipped ones and control records after it included', () => {
    const letters = [letterAt(1), letterAt(2, { code: 'VAL_RECORD_INVALID' }), letterAt(5)]
    const steps = plan(letters, letterFilter({ code: 'VAL_TEXT_EMPTY' }, now))
    expect(steps).toMatchObject([{ skipped: 1, nextOffset: 1_000_000n, isLast: false }])
    expect(steps[0]?.outgoing).toHaveLength(2)
  })

  it('cuts a large batch into transactions that follow each other', () => {
    const steps = plan(Array.from({ length: 450 }, (_, index) => letterAt(index + 1)))
    expect(steps.map(({ outgoing, nextOffset }) => [outgoing.length, nextOffset])).toEqual([
      [200, 201n],
      [200, 401n],
      [50, 1_000_000n],
    ])
  })

  it('stops at the limit, before the first letter that is beyond it', () => {
    const steps = plan([letterAt(1), letterAt(2), letterAt(3)], everything, 2)
    expect(steps).toMatchObject([{ nextOffset: 3n, isLast: true }])
    expect(steps[0]?.outgoing).toHaveLength(2)
  })

  it('does not count what it skips against the limit', () => {
    const other = { code: 'VAL_RECORD_INVALID' }
    const steps = plan(
      [letterAt(1, other), letterAt(2), letterAt(3, other), letterAt(4)],
      letterFilter({ code: 'VAL_TEXT_EMPTY' }, now),
      1,
    )
    expect(steps).toMatchObject([{ nextOffset: 3n, skipped: 1, isLast: true }])
  })

  it('does not pass over what failed later than asked for', () => {
    const filter = letterFilter({ until: '1h' }, now)
    const old = { failedAt: now - 2 * 3_600_000 }
    const steps = plan([letterAt(1, old), letterAt(2), letterAt(3, old)], filter)
    expect(steps).toMatchObject([{ nextOffset: 2n, isLast: true }])
    expect(steps[0]?.outgoing).toHaveLength(1)
  })

  it('skips what is no dead letter and what was kept without its content', () => {
    const stranger = toFoundLetter(0, {
      offset: 1n,
      timestamp: BigInt(now),
      key: null,
      value: Buffer.from('x'),
      headers: [],
    })
    const empty = letterAt(2, { code: 'VAL_RECORD_TOO_LARGE_TO_PUBLISH', key: null, value: Buffer.alloc(0) })
    expect(plan([stranger, empty])).toMatchObject([{ outgoing: [], skipped: 2 }])
  })

  it('replays an empty text: it may be accepted by now', () => {
    expect(plan([letterAt(1, { key: null, value: Buffer.alloc(0) })])[0]?.outgoing).toHaveLength(1)
  })

  it('settles a batch without letters', () => {
    expect(plan([])).toMatchObject([{ outgoing: [], skipped: 0, nextOffset: 1_000_000n, isLast: false }])
  })
})
