import type { Readable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import type { Environment } from '../config/config.ts'
import type { Machine } from '../doctor/machine.ts'

/** Output stream of a command; a terminal if `isTTY` is true. */
export type Output = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>

/** Everything outside the process that a command may use. */
export interface CliContext {
  readonly environment: Environment
  /** Reads the hardware of the machine, on demand. */
  readonly machine: () => Promise<Machine>
  readonly stdin: Readable & { isTTY?: boolean }
  /** For data only, so that it can be piped. */
  readonly stdout: Output
  /** For progress, logs and errors. */
  readonly stderr: Output
  /** Aborted on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  /** Ends the process at once, for crashes only. */
  readonly exit: (code: number) => never
}

/** 0 success, 1 failure, 2 invalid usage or configuration. */
export type ExitCode = 0 | 1 | 2

/** Options as they were typed, by their camel-cased long name; a flag that was not given is absent. */
export type CommandOptions = Readonly<Record<string, string | boolean | undefined>>

/** One command, from its options and arguments to its exit code. */
export type RunCommand = (context: CliContext, options: CommandOptions, args: readonly string[]) => Promise<ExitCode>
