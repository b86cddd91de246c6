import { ValenceError } from '@valence/schemas'

/** How far an object has come, as it is committed: lines below bit 50, the end at bit 50, refused lines above it. */
export interface JobPosition {
  readonly lines: bigint
  /** Lines that the broker did not take: no result comes of them. */
  readonly refused: number
  /** Its results are out. */
  readonly isFinished: boolean
}

const finished = 1n << 50n
const refusedShift = 51n
const maxRefused = 2 ** 12 - 1

/** A position of so many lines whose results are out. */
export function finishedAt(lines: bigint): bigint {
  return finished + lines
}

/** @throws VAL_RECORD_REFUSED_BY_BROKER: so many refusals are no matter of single lines */
export function encodePosition(position: bigint, refused: number): bigint {
  if (refused > maxRefused) throw new ValenceError('VAL_RECORD_REFUSED_BY_BROKER', `${refused} lines of one object`)
  return position | (BigInt(refused) << refusedShift)
}

export function decodePosition(position: bigint): JobPosition {
  return {
    lines: position & (finished - 1n),
    refused: Number(position >> refusedShift),
    isFinished: (position & finished) !== 0n,
  }
}
