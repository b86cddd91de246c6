import { readConfig } from '../../config/config.ts'
import { listLetters } from '../../jobs/dead-letters/list-letters.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { letterFilter } from '../letter-options.ts'
import { countOption } from '../options.ts'
import { counted, paint, writeJson, writeLines } from '../output.ts'
import { foundLetterToJson, tabulateLetters } from '../views/letter-table.ts'

const defaultLimit = 100

/** `dlq list`: prints the newest matching dead letters, oldest first. */
export async function runDlqList(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const { stdout, stderr, signal } = context
  const config = readConfig(context.environment)
  const filter = letterFilter(options, Date.now())
  const limit = countOption(options, 'limit') ?? defaultLimit
  const { found, hidden } = await listLetters(config, filter, limit, signal)
  if (options.json) await writeJson(stdout, found.map(foundLetterToJson))
  else if (found.length > 0) await writeLines(stdout, tabulateLetters(found))
  else stderr.write(`no dead letters in ${config.deadLetterTopic}\n`)
  if (hidden > 0) stderr.write(paint(stderr, 'dim', `${counted(hidden, 'older dead letter')} not shown; see --limit\n`))
  return 0
}
