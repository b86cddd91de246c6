import { createRequire } from 'node:module'
import { isValenceError } from '@valence/schemas'
import { Command, CommanderError } from 'commander'
import { hideSecrets, secretsIn, secretsOf } from '../config/redaction.ts'
import { type CommandSpec, commands, groupSummaries } from './command-table.ts'
import type { CliContext, CommandOptions, ExitCode } from './context.ts'
import { redactingStream, safeLine } from './output.ts'

/** Errors of the one who typed or configured, rather than of the work itself. */

// As far above this file in dist as in src.
const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string }

function groupOf(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name)
  return known ?? program.command(name).description(groupSummaries[name] ?? '')
}

function register(program: Command, spec: CommandSpec, act: (spec: CommandSpec, command: Command) => Promise<void>) {
  const [path = '', ...args] = spec.usage.split(/ (?=[[<])/)
  const words = path.split(' ')
  const name = words.at(-1) ?? ''
  const parent = words.length === 1 ? program : groupOf(program, words[0] ?? '')
  const command = parent
    .command([name, ...args].join(' '))
    .description(spec.summary)
    .allowExcessArguments(false)
    .addHelpText('after', `\nExample:\n  $ ${spec.example}\n`)
  for (const [flags, description, fallback] of spec.options ?? []) command.option(flags, description, fallback)
  command.action((...given) => act(spec, given.at(-1) as Command))
}

function createProgram(context: CliContext, onExit: (code: ExitCode) => void): Command {
  const program = new Command('valence')
    .description('Exactly-once sentiment for Kafka')
    .version(version, '-V, --version', 'print the version')
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
    })
    .exitOverride()
    .showHelpAfterError()
  for (const spec of commands) {
    register(program, spec, async ({ load }, command) => {
      const run = await load()
      onExit(await run(context, command.opts<CommandOptions>(), command.args))
    })
  }
  return program
}

function reportError(context: CliContext, error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (isValenceError(error)) {
    // A wrong configuration is told in several lines; what others quote must not make lines of its own.
    const lines = error.code === 'VAL_CONFIG_INVALID' ? error.message.split('\n') : [error.message]
    context.stderr.write(`${error.code}: ${lines.map(safeLine).join('\n')}\n${error.help}\n`)
    return error.row.exit ?? 1
  }
  if (context.signal.aborted && error === context.signal.reason) {
    context.stderr.write('stopped\n')
    return 1
  }
  const detail = error instanceof Error ? error.stack : String(error)
  context.stderr.write(`unexpected error (this is a bug in Valence): ${detail}\n`)
  return 1
}

/** Runs one command to its exit code: 0 good, 1 failed, 2 wrong usage or configuration. */
export async function runCli(args: readonly string[], given: CliContext): Promise<ExitCode> {
  hideSecrets([...secretsOf(given.environment), ...args.filter((arg) => !/\s/.test(arg)).flatMap(secretsIn)])
  // Standard output is for data, which is nobody's to change.
  const context = { ...given, stderr: redactingStream(given.stderr) }
  let exitCode: ExitCode = 0
  const program = createProgram(context, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (error) {
    return reportError(context, error)
  }
}
