import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { isValenceError, ValenceError } from '@valence/schemas'
import type { Sentiment } from '../domain/sentiment.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { Scorer } from '../scoring/scorer.ts'
import type { TextItem } from './text-line.ts'

export interface ScoredItem {
  readonly item: TextItem
  /** The score, or the error. */
  readonly outcome: Sentiment | ValenceError
}

export type TextItems = AsyncIterable<readonly TextItem[]>

/** Texts per block. At most `blocksAtOnce` blocks are in flight, which bounds memory. */
const blockTexts = 128
const blocksAtOnce = 4
/** Attempts per text: a crashed worker is replaced well before the last one. */
const maxRounds = 6
const firstDelayMs = 25

/**
 * Scores texts in input order: a block is yielded when it and all blocks before it are done. Memory is bounded by the
 * blocks in flight, and the source is read no faster than texts are scored. Ends early when the signal aborts.
 */
export async function* scoreItems(
  scorer: Scorer,
  items: TextItems,
  signal: AbortSignal,
): AsyncGenerator<readonly ScoredItem[]> {
  const blocks = Readable.from(inBlocks(items)).map((block: readonly TextItem[]) => scoreBlock(scorer, block, signal), {
    concurrency: blocksAtOnce,
  })
  for await (const block of blocks as AsyncIterable<readonly ScoredItem[]>) {
    if (signal.aborted) return
    yield block
  }
}

async function* inBlocks(source: TextItems): TextItems & AsyncGenerator<readonly TextItem[]> {
  for await (const items of source) {
    for (let at = 0; at < items.length; at += blockTexts) yield items.slice(at, at + blockTexts)
  }
}

async function scoreBlock(
  scorer: Scorer,
  items: readonly TextItem[],
  signal: AbortSignal,
): Promise<readonly ScoredItem[]> {
  const texts = items.map(textOf)
  const good = texts.filter((text) => typeof text === 'string')
  const verdicts = (await scoreWithRetries(scorer, good, signal)).values()
  return items.map((item, index) => {
    const text = texts[index] as string | ValenceError
    return { item, outcome: isValenceError(text) ? text : outcomeOf(verdicts.next().value as Verdict) }
  })
}

function textOf({ fields, error }: TextItem): string | ValenceError {
  if (error) return error
  return typeof fields.text === 'string' ? fields.text : new ValenceError('VAL_RECORD_INVALID', 'text must be a string')
}

function outcomeOf(verdict: Verdict): Sentiment | ValenceError {
  return verdict.kind === 'scored' ? verdict.sentiment : verdict.error
}

/** Retries texts whose verdict is retryable, with exponential back-off. */
async function scoreWithRetries(scorer: Scorer, texts: readonly string[], signal: AbortSignal): Promise<Verdict[]> {
  const verdicts = await scorer.scoreAll(texts, { origin: 'cli', signal })
  for (let round = 1; round < maxRounds && !signal.aborted; round += 1) {
    const again = verdicts.flatMap(({ kind }, index) => (kind === 'retryable' ? [index] : []))
    if (again.length === 0) break
    await sleep(firstDelayMs * 2 ** round, undefined, { signal }).catch(() => undefined)
    const retried = await scorer.scoreAll(
      again.map((index) => texts[index] as string),
      { origin: 'cli', signal },
    )
    for (const [position, index] of again.entries()) verdicts[index] = retried[position] as Verdict
  }
  return verdicts
}
