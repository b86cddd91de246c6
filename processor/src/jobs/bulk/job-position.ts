import { ValenceError } from '@valence/schemas'
import type { LineProgress } from '../../kafka/line-progress.ts'
import type { CommittedPosition } from '../settling-session.ts'

/** Earlier versions encoded the progress in the offset: bits 0–49 lines, bit 50 finished, bits 51–62 refused lines. */
const finishedBit = 1n << 50n
const refusedShift = 51n
/** Limit of refused lines of one object: 12 bits, from the encoding in the offset. */
const maxRefused = 2 ** 12 - 1

/** The progress to commit. @throws VAL_RECORD_REFUSED_BY_BROKER above 4,095 refused lines: the topic is at fault */
export function toLineProgress(lines: bigint, refused: number, isFinished: boolean): LineProgress {
  if (refused > maxRefused) throw new ValenceError('VAL_RECORD_REFUSED_BY_BROKER', `${refused} lines of one object`)
  return { lines, refused, isFinished }
}

/** Progress of an object from the commit metadata, or decoded from an offset of an earlier version. */
export function readJobPosition(committed: CommittedPosition | undefined): LineProgress {
  if (committed?.lineProgress) return committed.lineProgress
  const offset = committed?.offset ?? 0n
  return {
    lines: offset & (finishedBit - 1n),
    refused: Number(offset >> refusedShift),
    isFinished: (offset & finishedBit) !== 0n,
  }
}
