import { ValenceError } from '@valence/schemas'
import type { LineProgress } from '../../kafka/line-progress.ts'
import type { CommittedPosition } from '../settling-session.ts'

/** Earlier versions kept the progress in the offset: lines in bits 0 to 49, the end in bit 50, refused lines above. */
const finishedBit = 1n << 50n
const refusedShift = 51n
/** The largest count that fits above bit 50 of an offset. It stays the limit of refused lines of one object. */
const maxRefused = 2 ** 12 - 1

/** What is committed for an object. @throws VAL_RECORD_REFUSED_BY_BROKER beyond 4,095 refused lines: the topic is at fault */
export function toLineProgress(lines: bigint, refused: number, isFinished: boolean): LineProgress {
  if (refused > maxRefused) throw new ValenceError('VAL_RECORD_REFUSED_BY_BROKER', `${refused} lines of one object`)
  return { lines, refused, isFinished }
}

/** Progress of an object: the committed one, or the one that an earlier version kept in the offset. */
export function readJobPosition(committed: CommittedPosition | undefined): LineProgress {
  if (committed?.lineProgress) return committed.lineProgress
  const offset = committed?.offset ?? 0n
  return {
    lines: offset & (finishedBit - 1n),
    refused: Number(offset >> refusedShift),
    isFinished: (offset & finishedBit) !== 0n,
  }
}
