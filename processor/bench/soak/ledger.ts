import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** How often each number from 0 to `count` − 1 was found. */
export class Tally {
  readonly #found: Uint8Array
  foreign = 0

  constructor(count: number) {
    this.#found = new Uint8Array(count)
  }

  add(index: number): void {
    const times = this.#found[index]
    if (times === undefined) this.foreign += 1
    else this.#found[index] = Math.min(255, times + 1)
  }

  get lost(): number {
    return this.#found.reduce((sum, times) => sum + (times === 0 ? 1 : 0), 0)
  }

  get doubled(): number {
    return this.#found.reduce((sum, times) => sum + (times > 1 ? 1 : 0), 0)
  }
}

/** Reads a topic to its end, read-committed and with kcat, a line at a time: a long run does not fit into memory. */
export async function tallyTopic(
  brokers: string,
  topic: string,
  tally: Tally,
  indexOf: (value: string) => number,
): Promise<void> {
  const settings = ['-X', 'isolation.level=read_committed', '-X', 'check.crcs=true']
  const args = ['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%s\n', ...settings]
  const child = spawn('kcat', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) tally.add(indexOf(line))
  const [code] = await ended
  if (code !== 0) throw new Error(`kcat ended with ${code}`)
}
