import type { TextItems } from './score-items.ts'
import type { TextItem } from './text-line.ts'

/** Maximum number of texts that counts as few. Chosen, not measured: two full batches. */
const fewTexts = 32
/** Input that is incomplete after this time is treated as a stream. Chosen, not measured: hardly noticeable. */
const streamAfterMs = 150

/** Determines whether the input has few texts. `items` yields the texts read for this first, then the rest. */
export async function lookAhead(source: AsyncIterator<readonly TextItem[]>): Promise<{
  readonly amount: 'few' | 'many'
  readonly items: TextItems
}> {
  const read: Promise<IteratorResult<readonly TextItem[]>>[] = []
  const amount = await Promise.race([readFew(source, read), streamTimeout()])
  async function* again(): AsyncGenerator<readonly TextItem[]> {
    for (const next of read) {
      const result = await next
      if (result.done) return
      yield result.value
    }
    yield* { [Symbol.asyncIterator]: () => source }
  }
  return { amount, items: again() }
}

async function readFew(
  source: AsyncIterator<readonly TextItem[]>,
  read: Promise<IteratorResult<readonly TextItem[]>>[],
): Promise<'few' | 'many'> {
  for (let texts = 0; texts <= fewTexts; ) {
    const next = source.next()
    read.push(next)
    const result = await next
    if (result.done) return 'few'
    texts += result.value.length
  }
  return 'many'
}

function streamTimeout(): Promise<'many'> {
  return new Promise((resolve) => setTimeout(resolve, streamAfterMs, 'many').unref())
}
