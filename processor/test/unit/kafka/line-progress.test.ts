import { describe, expect, it } from 'vitest'
import { readLineProgress, writeLineProgress } from '../../../src/kafka/line-progress.ts'

describe('line progress', () => {
  it.each([
    { lines: 0n, refused: 0, isFinished: false },
    { lines: 12n, refused: 3, isFinished: false },
    { lines: 2n ** 53n + 1n, refused: 4_095, isFinished: true },
  ])('is read as it was written: %o', (progress) => {
    expect(readLineProgress(writeLineProgress(progress).split('@'))).toEqual(progress)
  })

  it.each([
    '',
    'topic-id=id@here@found=3',
    'finished',
    'refused=2@finished',
    'lines=@finished',
    'lines=-1',
    'lines=many',
  ])('is unknown in %j', (metadata) => {
    expect(readLineProgress(metadata.split('@'))).toBeUndefined()
  })
})
