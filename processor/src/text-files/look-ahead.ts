import type { TextItems } from './score-items.ts'
import type { TextItem } from './text-line.ts'

/** At most this many texts count as few. Chosen, not measured: two full batches. */
const fewTexts = 32
/** Input that is not complete after this long is treated as a stream. Chosen, not measured: a wait one hardly notices. */
const patienceMs = 150

/** Whether the whole input is a few texts; what was read to find out comes again in front of the rest. */
export async function lookAhead(source: AsyncIterator<readonly TextItem[]>): Promise<{
  readonly amount: 'few' | 'many'
  readonly items: TextItems
}> {
  const read: Promise<IteratorResult<readonly TextItem[]>>[] = []
  const amount = await Promise.race([readFew(source, read), impatience()])
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

function impatience(): Promise<'many'> {
  return new Promise((resolve) => setTimeout(resolve, patienceMs, 'many').unref())
}
