/** Progress of a job over the lines of one object. It is committed in the metadata of the job's offset. */
export interface LineProgress {
  /** Lines that are settled: sent, refused, or no text. */
  readonly lines: bigint
  /** Lines that the broker refused; they have no result. */
  readonly refused: number
  /** The results of all lines are out. */
  readonly isFinished: boolean
}

const linesPrefix = 'lines='
const refusedPrefix = 'refused='
const finishedPart = 'finished'

/** `lines=COUNT@refused=COUNT`, and `@finished` at the end. */
export function writeLineProgress({ lines, refused, isFinished }: LineProgress): string {
  return [`${linesPrefix}${lines}`, `${refusedPrefix}${refused}`, ...(isFinished ? [finishedPart] : [])].join('@')
}

/** Reads the parts of a commit's metadata. Undefined where they hold no line count: earlier versions wrote none. */
export function readLineProgress(parts: readonly string[]): LineProgress | undefined {
  const lines = digitsAfter(linesPrefix, parts)
  if (lines === undefined) return undefined
  const refused = Number(digitsAfter(refusedPrefix, parts) ?? 0)
  return { lines: BigInt(lines), refused, isFinished: parts.includes(finishedPart) }
}

function digitsAfter(prefix: string, parts: readonly string[]): string | undefined {
  const digits = parts.find((part) => part.startsWith(prefix))?.slice(prefix.length)
  return digits !== undefined && /^\d{1,18}$/.test(digits) ? digits : undefined
}
