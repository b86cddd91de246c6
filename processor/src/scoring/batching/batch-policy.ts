/**
 * The batching policy, one question after the other. `OriginQueues.take` asks them whenever a batch may start:
 *
 * 1. Whose texts? The origin with the smallest share of tokens so far, if it may send a batch (`FairShare`, `InFlightLimiter`).
 * 2. How large at most? `limitsFor`: smaller for the other origins while HTTP texts arrive.
 * 3. Now, or wait for more texts? `closeCause`: full by texts or tokens, old enough, or draining.
 * 4. Which of the waiting texts? `sliceAround`: the oldest, and those nearest to it in length.
 */
import type { ScoreOrigin } from '../scorer.ts'

/** What the policy knows of a waiting text. */
export interface WaitingText {
  readonly tokens: number
  /** Monotonic milliseconds. */
  readonly enqueuedAt: number
}

/**
 * A batch is chosen from the oldest texts, as many as are in this many full batches. Chosen, not measured: a larger window
 * finds closer lengths, a smaller one bounds how many texts can overtake another.
 */
export const windowBatches = 16

/** The texts that the next batch may be chosen from. */
export interface BatchWindow<T extends WaitingText> {
  readonly oldest: T | undefined
  /** The oldest among them, ascending; those of one length in the order in which they came. */
  readonly byLength: readonly T[]
}

export interface BatchLimits {
  /** Texts in a batch, at most. */
  readonly maxTexts: number
  /** Padded tokens in a batch (texts × longest), at most; a longer text goes alone. */
  readonly maxTokens: number
  /** The same limit for the other origins while HTTP texts arrive: an HTTP text waits for the rest of one of their runs. */
  readonly maxTokensBesideHttp: number
  /** Longest time that a text waits for others to fill its batch. */
  readonly maxAgeMs: number
}

/** The limits of the next batch of an origin. A run cannot be interrupted, so beside HTTP the others keep theirs short. */
export function limitsFor(origin: ScoreOrigin, isHttpAbout: boolean, limits: BatchLimits): BatchLimits {
  if (origin === 'http' || !isHttpAbout) return limits
  return { ...limits, maxTokens: Math.min(limits.maxTokens, limits.maxTokensBesideHttp) }
}

/** What closed a batch: enough tokens, enough texts, the age of the oldest text, or the end of the batcher. */
export type CloseCause = 'tokens' | 'texts' | 'age' | 'drain'

export interface ClosedBatch<T extends WaitingText> {
  /** By length, ascending. */
  readonly texts: readonly T[]
  readonly cause: CloseCause
}

/**
 * Largest share of padding that further texts may add (decision 5). A batch of one text costs about 25 % more per token than a full
 * one, so more padding than that costs more than a batch of its own.
 */
const maxPadding = 0.2

interface Slice {
  readonly from: number
  readonly to: number
}

/** Grows a slice of the sorted texts around the oldest one, by the neighbour that brings less padding each time. */
function sliceAround<T extends WaitingText>(sorted: readonly T[], oldest: number, limits: BatchLimits): Slice {
  let from = oldest
  let to = oldest + 1
  let real = sorted[oldest]?.tokens ?? 0

  function paddingWith(at: number): number {
    const neighbour = sorted[at]
    if (!neighbour) return Number.POSITIVE_INFINITY
    const width = Math.max(neighbour.tokens, sorted[to - 1]?.tokens ?? 0)
    const padded = width * (to - from + 1)
    if (padded > limits.maxTokens) return Number.POSITIVE_INFINITY
    const padding = (padded - real - neighbour.tokens) / padded
    return padding > maxPadding ? Number.POSITIVE_INFINITY : padding
  }

  while (to - from < limits.maxTexts) {
    const [shorter, longer] = [paddingWith(from - 1), paddingWith(to)]
    if (shorter === Number.POSITIVE_INFINITY && longer === Number.POSITIVE_INFINITY) break
    if (shorter <= longer) real += sorted[--from]?.tokens ?? 0
    else real += sorted[to++]?.tokens ?? 0
  }
  return { from, to }
}

function closeCause<T extends WaitingText>(
  { oldest, byLength }: BatchWindow<T>,
  nowMs: number,
  limits: BatchLimits,
): CloseCause | undefined {
  if (byLength.length >= limits.maxTexts) return 'texts'
  if (byLength.reduce((sum, { tokens }) => sum + tokens, 0) >= limits.maxTokens) return 'tokens'
  return oldest && nowMs - oldest.enqueuedAt >= limits.maxAgeMs ? 'age' : undefined
}

/**
 * Chooses a batch from the waiting texts of one origin, or none while waiting for more texts pays. The batch contains the
 * oldest text, so that none starves, and those nearest to it in length.
 */
export function chooseBatch<T extends WaitingText>(
  window: BatchWindow<T>,
  nowMs: number,
  limits: BatchLimits,
  draining = false,
): ClosedBatch<T> | undefined {
  const { oldest, byLength } = window
  if (!oldest) return undefined
  const cause = closeCause(window, nowMs, limits) ?? (draining ? 'drain' : undefined)
  if (!cause) return undefined
  const { from, to } = sliceAround(byLength, byLength.indexOf(oldest), limits)
  const texts = byLength.slice(from, to)
  // Enough texts were waiting, but the limit of tokens closed the batch.
  return { texts, cause: cause === 'texts' && texts.length < limits.maxTexts ? 'tokens' : cause }
}
