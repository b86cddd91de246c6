import { styleText } from 'node:util'
import type { DemoLedger, DemoScore, DemoSummary } from './demo-ledger.ts'

type Output = NodeJS.WriteStream

const colours = { negative: 'red', neutral: 'yellow', positive: 'green' } as const

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`
}

/** The live table: redrawn in place on a terminal, else one line every two seconds. */
export class DemoView {
  readonly #output: Output
  readonly #ledger: DemoLedger
  readonly #startedAt = Date.now()
  readonly #recent: { text: string; score: DemoScore }[] = []
  #drawnLines = 0
  #lastLineAt = 0
  #lastDone = { at: Date.now(), count: 0, rate: 0 }

  constructor(output: Output, ledger: DemoLedger) {
    this.#output = output
    this.#ledger = ledger
  }

  say(line: string): void {
    this.#erase()
    this.#output.write(`${line}\n`)
  }

  show(text: string, score: DemoScore): void {
    this.#recent.push({ text, score })
    if (this.#recent.length > 6) this.#recent.shift()
  }

  draw(): void {
    if (this.#output.isTTY) {
      this.#redraw()
      return
    }
    if (Date.now() - this.#lastLineAt < 2_000) return
    this.#lastLineAt = Date.now()
    this.#output.write(`${this.#progress()}\n`)
  }

  summarise(summary: DemoSummary): void {
    this.#erase()
    const row = (name: string, value: string | number) => `  ${name.padEnd(16)} ${String(value).padStart(10)}`
    const rows = [
      row('produced', summary.produced),
      row('scored', summary.scored),
      row('dead-lettered', summary.deadLettered),
      row('lost', summary.lost),
      row('doubled', summary.duplicated),
      row('seconds', summary.seconds),
      row('texts/s', summary.textsPerSecond),
      ...[...this.#ledger.labels].sort().map(([label, count]) => row(label, count)),
      ...[...this.#ledger.codes].sort().map(([code, count]) => `  ${code} ${count}`),
    ]
    const { evaluation } = summary
    if (evaluation) {
      const recalls = Object.entries(evaluation.perClass).map(([label, { recall }]) => `${label} ${percent(recall)}`)
      rows.push(
        row('macro-recall', evaluation.macroRecall.toFixed(4)),
        row('accuracy', evaluation.accuracy.toFixed(4)),
        `  recall: ${recalls.join(', ')} (over ${evaluation.n} labelled texts)`,
      )
    }
    this.#output.write(`\n${rows.join('\n')}\n\n`)
  }

  #progress(): string {
    const { done, produced } = this.#ledger
    const seconds = (Date.now() - this.#startedAt) / 1_000
    return `${seconds.toFixed(0).padStart(4)} s   produced ${String(produced).padStart(7)}   out ${String(done).padStart(7)}   ${String(Math.round(this.#rate(done))).padStart(5)} texts/s`
  }

  #rate(done: number): number {
    const elapsedMs = Date.now() - this.#lastDone.at
    if (elapsedMs >= 1_000) {
      this.#lastDone = { at: Date.now(), count: done, rate: ((done - this.#lastDone.count) * 1_000) / elapsedMs }
    }
    return this.#lastDone.rate
  }

  #redraw(): void {
    const width = (this.#output.columns ?? 80) - 1
    const lines = this.#recent.map(({ text, score }) => this.#scoreLine(text, score, width))
    this.#erase()
    this.#output.write(`${[this.#progress().slice(0, width), ...lines].join('\n')}\n`)
    this.#drawnLines = lines.length + 1
  }

  #scoreLine(text: string, { label, valence }: DemoScore, width: number): string {
    const colour = colours[label as keyof typeof colours] ?? 'cyan'
    const tag = `${label.padEnd(9)} ${valence.toFixed(2).padStart(5)}`
    // Control characters in a text must not move the cursor.
    const shown = text.replace(/\p{Cc}/gu, ' ').slice(0, Math.max(0, width - 20))
    return `  ${styleText(colour, tag)}  ${shown}`
  }

  #erase(): void {
    if (this.#drawnLines > 0) this.#output.write(`\x1b[${this.#drawnLines}A\x1b[J`)
    this.#drawnLines = 0
  }
}
