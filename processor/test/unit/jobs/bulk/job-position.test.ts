import { describe, expect, it } from 'vitest'
import { readJobPosition, toLineProgress } from '../../../../src/jobs/bulk/job-position.ts'

const inOffset = (offset: bigint) => readJobPosition({ offset, lineProgress: undefined })

describe('the position of a bulk job', () => {
  it('is the committed progress', () => {
    const lineProgress = { lines: 12n, refused: 3, isFinished: true }
    expect(readJobPosition({ offset: 99n, lineProgress })).toEqual(lineProgress)
  })

  it('is the start where nothing was committed', () => {
    expect(readJobPosition(undefined)).toEqual({ lines: 0n, refused: 0, isFinished: false })
  })

  it.each([
    ['of a job under way', 12n, { lines: 12n, refused: 0, isFinished: false }],
    ['of a finished job', (1n << 50n) + 12n, { lines: 12n, refused: 0, isFinished: true }],
    ['of a job under way with refused lines', (5n << 51n) + 12n, { lines: 12n, refused: 5, isFinished: false }],
    [
      'of a finished job with refused lines',
      (4_095n << 51n) + (1n << 50n) + 12n,
      { lines: 12n, refused: 4_095, isFinished: true },
    ],
  ])('is read from the offset that an earlier version committed: %s', (_, offset, progress) => {
    expect(inOffset(offset)).toEqual(progress)
  })

  it('has at most 4,095 refused lines: the topic is at fault then', () => {
    expect(toLineProgress(5_000n, 4_095, false)).toEqual({ lines: 5_000n, refused: 4_095, isFinished: false })
    expect(() => toLineProgress(5_000n, 4_096, false)).toThrow(
      expect.objectContaining({ code: 'VAL_RECORD_REFUSED_BY_BROKER' }),
    )
  })
})
