import { once } from 'node:events'
import type { Output } from './context.ts'

const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'

/** The whole of a terminal, which gets back what it showed before, and its cursor. */
export class Screen {
  readonly #stdout: Output
  #isOpen = false

  constructor(stdout: Output) {
    this.#stdout = stdout
  }

  /** Terminals that do not tell their size are taken for small ones. */
  get size(): { columns: number; rows: number } {
    return { columns: this.#stdout.columns || 80, rows: this.#stdout.rows || 24 }
  }

  /** Given back at once when the signal aborts, whatever is still being waited for. */
  open(signal: AbortSignal): void {
    if (signal.aborted) return
    this.#isOpen = true
    this.#stdout.write(enter)
    signal.addEventListener('abort', () => this.close(), { once: true })
  }

  /** Draws over everything; lines beyond the last row are left out. */
  async draw(lines: readonly string[]): Promise<void> {
    if (!this.#isOpen) return
    const shown = lines.slice(0, this.size.rows).map((line) => `${line}\u001b[K`)
    if (!this.#stdout.write(`\u001b[H${shown.join('\r\n')}\u001b[J`)) await once(this.#stdout, 'drain')
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#stdout.write(leave)
  }
}
