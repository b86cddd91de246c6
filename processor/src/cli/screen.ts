import { once } from 'node:events'
import type { Output } from './context.ts'

const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'

/** Full-screen output in the alternate screen buffer. `close` restores the previous content and the cursor. */
export class Screen {
  readonly #stdout: Output
  #isOpen = false

  constructor(stdout: Output) {
    this.#stdout = stdout
  }

  /** 80 × 24 if the terminal does not report its size. */
  get size(): { columns: number; rows: number } {
    return { columns: this.#stdout.columns || 80, rows: this.#stdout.rows || 24 }
  }

  /** Closes as soon as the signal aborts, also while a draw or a request is pending. */
  open(signal: AbortSignal): void {
    if (signal.aborted) return
    this.#isOpen = true
    this.#stdout.write(enter)
    signal.addEventListener('abort', () => this.close(), { once: true })
  }

  /** Replaces the whole screen; lines beyond the last row are dropped. */
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
