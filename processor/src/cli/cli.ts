import { createRequire } from 'node:module'
import { isValenceError } from '@valence/schemas'
import { Command, CommanderError } from 'commander'
import { hideSecrets, secretsIn, secretsOf } from '../config/redaction.ts'
import { type CommandSpec, commands, groupSummaries } from './command-table.ts'
import type { CliContext, CommandOptions, ExitCode } from './context.ts'
import { redactingStream, safeLine } from './output.ts'

// The relative path is the same from src and from dist.
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
    // Configuration errors have several lines. In other messages a line break can be quoted input and is escaped.
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

/** Runs one command. Exit codes: 0 success, 1 failure, 2 invalid usage or configuration. */
export async function runCli(args: readonly string[], given: CliContext): Promise<ExitCode> {
  hideSecrets([...secretsOf(given.environment), ...args.filter((arg) => !/\s/.test(arg)).flatMap(secretsIn)])
  // Secrets are redacted on stderr only: stdout is data and is not changed.
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
