import { isValenceError, ValenceError } from '@valence/schemas'
import { collect } from '@valence/testing/processes/cli-run'
import { describe, expect, it } from 'vitest'
import { failed, scored, type Verdict } from '../../../src/domain/verdict.ts'
import type { Scorer } from '../../../src/scoring/scorer.ts'
import { type ScoredItem, scoreItems } from '../../../src/text-files/score-items.ts'
import type { TextItem } from '../../../src/text-files/text-line.ts'

function verdict(text: string): Verdict {
  const model = { name: 'fake', version: '1', sha256: '0' }
  return scored({ label: text, scores: {}, valence: 0, tokens: 1, truncated: false, model })
}

/** Answers after as many turns as `turnsFor` says; counts the texts it holds at once. */
class FakeScorer implements Scorer {
  held = 0
  mostHeld = 0
  calls = 0
  readonly #answer: (text: string, call: number) => Verdict
  readonly #turnsFor: (call: number) => number

  constructor(answer: (text: string, call: number) => Verdict = verdict, turnsFor: (call: number) => number = () => 0) {
    this.#answer = answer
    this.#turnsFor = turnsFor
  }

  async score(text: string): Promise<Verdict> {
    return this.#answer(text, 0)
  }

  async scoreAll(texts: readonly string[]): Promise<Verdict[]> {
    const call = this.calls++
    this.held += texts.length
    this.mostHeld = Math.max(this.mostHeld, this.held)
    for (let turn = this.#turnsFor(call); turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve))
    this.held -= texts.length
    return texts.map((text) => this.#answer(text, call))
  }
}

const textItem = (line: number): TextItem => ({ line, end: line, fields: { text: `t${line}` } })

async function* source(count: number, size = 100): AsyncGenerator<readonly TextItem[]> {
  for (let at = 0; at < count; at += size) {
    yield Array.from({ length: Math.min(size, count - at) }, (_, index) => textItem(at + index + 1))
  }
}

async function resultsOf(
  scorer: Scorer,
  items: AsyncIterable<readonly TextItem[]>,
  signal = new AbortController().signal,
) {
  return (await collect(scoreItems(scorer, items, signal))).flat()
}

const labelOf = ({ outcome }: ScoredItem) => (isValenceError(outcome) ? outcome.code : outcome.label)

describe('scoreItems', () => {
  it('keeps the order of the texts, whichever block is done first', async () => {
    const scorer = new FakeScorer(verdict, (call) => (call % 2 === 0 ? 20 : 0))
    const results = await resultsOf(scorer, source(2_000))
    expect(results.map(({ item }) => item.line)).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1))
    expect(results.every((result) => labelOf(result) === `t${result.item.line}`)).toBe(true)
  })

  it('answers each text of a block of good and bad ones', async () => {
    const bad = new ValenceError('VAL_RECORD_NOT_UTF8')
    async function* mixed(): AsyncGenerator<readonly TextItem[]> {
      yield [
        textItem(1),
        { line: 2, end: 2, error: bad },
        { line: 3, end: 3, fields: { text: 5 } },
        { line: 4, end: 4, fields: {} },
        textItem(5),
      ]
    }
    const labels = (await resultsOf(new FakeScorer(), mixed())).map(labelOf)
    expect(labels).toEqual(['t1', 'VAL_RECORD_NOT_UTF8', 'VAL_RECORD_INVALID', 'VAL_RECORD_INVALID', 't5'])
  })

  it('tries again what the system was at fault for, and only that', async () => {
    const asked: string[] = []
    const scorer = new FakeScorer((text, call) => {
      asked.push(text)
      if (text === 't2' && call < 2) return failed(new ValenceError('VAL_INFERENCE_UNAVAILABLE'))
      return text === 't3' ? failed(new ValenceError('VAL_TEXT_EMPTY')) : verdict(text)
    })
    expect((await resultsOf(scorer, source(3))).map(labelOf)).toEqual(['t1', 't2', 'VAL_TEXT_EMPTY'])
    expect(asked).toEqual(['t1', 't2', 't3', 't2', 't2'])
  })

  it('gives up in the end and says why', async () => {
    const scorer = new FakeScorer(() => failed(new ValenceError('VAL_INFERENCE_TIMEOUT')))
    expect((await resultsOf(scorer, source(1))).map(labelOf)).toEqual(['VAL_INFERENCE_TIMEOUT'])
    expect(scorer.calls).toBe(6)
  })

  it('reads no faster than texts are scored', async () => {
    let taken = 0
    async function* counting() {
      for await (const items of source(100_000)) {
        taken += items.length
        yield items
      }
    }
    const scorer = new FakeScorer(verdict, () => 3)
    const results = scoreItems(scorer, counting(), new AbortController().signal)
    await results.next()
    expect(taken).toBeLessThan(5_000)
    expect(scorer.mostHeld).toBeLessThanOrEqual(4 * 128)
    await results.return(undefined)
  })

  it('cuts a large piece of input into blocks', async () => {
    const scorer = new FakeScorer()
    await resultsOf(scorer, source(1_000, 1_000))
    expect(scorer.calls).toBe(8)
  })

  it('ends early when told to stop', async () => {
    const controller = new AbortController()
    const results: ScoredItem[] = []
    for await (const block of scoreItems(new FakeScorer(verdict, () => 1), source(100_000), controller.signal)) {
      results.push(...block)
      controller.abort()
    }
    expect(results.length).toBeLessThan(1_000)
  })

  it('passes on what goes wrong while reading', async () => {
    async function* broken(): AsyncGenerator<readonly TextItem[]> {
      yield [textItem(1)]
      throw new Error('disk on fire')
    }
    await expect(resultsOf(new FakeScorer(), broken())).rejects.toThrow('disk on fire')
  })
})
