import type { Readable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import type { Environment } from '../config/config.ts'
import type { Machine } from '../doctor/machine.ts'

/** Where a command writes; a terminal where `isTTY` says so. */
export type Output = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>

/** What a command may touch of the outside. */
export interface CliContext {
  readonly environment: Environment
  /** What the command runs on; read when a command asks. */
  readonly machine: () => Promise<Machine>
  readonly stdin: Readable & { isTTY?: boolean }
  /** For data only, so that it can be piped. */
  readonly stdout: Output
  /** For progress, logs and errors. */
  readonly stderr: Output
  /** Aborted on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  /** Ends the process at once: crash only. */
  readonly exit: (code: number) => never
}

/** 0 good, 1 failed, 2 wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2

/** Options as they were typed, by their camel-cased long name; a flag that was not given is absent. */
export type CommandOptions = Readonly<Record<string, string | boolean | undefined>>

/** One command, from its options and arguments to its exit code. */
export type RunCommand = (context: CliContext, options: CommandOptions, args: readonly string[]) => Promise<ExitCode>
