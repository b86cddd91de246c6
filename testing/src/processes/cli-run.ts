import { PassThrough, Readable, Writable } from 'node:stream'
import { WriteStream } from 'node:tty'
import { runCli } from '@valence/processor/cli/cli'
import type { CliContext, Output } from '@valence/processor/cli/context'
import type { Machine } from '@valence/processor/doctor/machine'

/** A stream that keeps what is written; a terminal if told to be one. */
export class OutputProbe extends Writable {
  readonly isTTY: boolean
  readonly columns = 120
  /** What decides whether a terminal gets colours; reads NO_COLOR and FORCE_COLOR. */
  readonly getColorDepth = WriteStream.prototype.getColorDepth
  #text = ''

  constructor(isTTY = false) {
    super({ decodeStrings: false })
    this.isTTY = isTTY
  }

  override _write(chunk: unknown, _: BufferEncoding, done: () => void): void {
    this.#text += String(chunk)
    done()
  }

  get text(): string {
    return this.#text
  }

  get lines(): string[] {
    return this.#text.split('\n').slice(0, -1)
  }

  /** cli-progress asks a terminal for these. */
  cursorTo(): boolean {
    return true
  }

  moveCursor(): boolean {
    return true
  }

  clearLine(): boolean {
    return true
  }
}

export interface CliProbe {
  readonly context: CliContext
  readonly stdout: OutputProbe
  readonly stderr: OutputProbe
  stop(): void
}

/** A machine with which `doctor` finds nothing wrong; no test depends on the one it runs on. */
export const goodMachine: Machine = {
  node: '24.0.0',
  platform: 'linux',
  arch: 'x64',
  cores: 4,
  memoryBytes: 8 * 2 ** 30,
  cpuFlags: new Set(['avx2', 'avx512_vnni']),
}

export interface ProbeOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** What standard input holds; a stream stays as it is. */
  readonly stdin?: string | Buffer | Readable
  readonly terminal?: boolean
  /** What differs from the good machine. */
  readonly machine?: Partial<Machine>
}

/** The outside of a command, without a process. */
export function probeCli({ environment = {}, stdin = '', terminal = false, machine }: ProbeOptions = {}): CliProbe {
  const stdout = new OutputProbe(terminal)
  const stderr = new OutputProbe(terminal)
  const controller = new AbortController()
  const input = stdin instanceof Readable ? stdin : new PassThrough().end(stdin)
  const context: CliContext = {
    environment,
    machine: async () => ({ ...goodMachine, ...machine }),
    stdin: input,
    stdout: stdout as unknown as Output,
    stderr: stderr as unknown as Output,
    signal: controller.signal,
    exit: (code) => {
      throw new Error(`exit(${code})`)
    },
  }
  return { context, stdout, stderr, stop: () => controller.abort() }
}

export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** The lines of standard output. */
  readonly lines: string[]
}

/** Runs `valence …` in this process. */
export async function runValence(args: readonly string[], options: ProbeOptions = {}): Promise<CliResult> {
  const { context, stdout, stderr } = probeCli(options)
  const code = await runCli(args, context)
  return { code, stdout: stdout.text, stderr: stderr.text, lines: stdout.lines }
}

/** The JSON values of the lines. */
export function parseLines<T = Record<string, unknown>>(lines: readonly string[]): T[] {
  return lines.map((line) => JSON.parse(line) as T)
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}
