import { ValenceError } from '@valence/schemas'
import { readConfig } from '../../config/config.ts'
import { scoreTexts } from '../../jobs/score-texts.ts'
import { fileTexts, type GivenTexts, givenTexts } from '../../text-files/given-texts.ts'
import { fileFormats } from '../../text-files/input-file.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { choiceOption, textOption } from '../options.ts'
import { counted, paint, writeLines } from '../output.ts'
import { openProgress } from '../progress.ts'
import { scoredLine } from '../views/scored-line.ts'

async function openTexts(context: CliContext, options: CommandOptions, args: readonly string[]): Promise<GivenTexts> {
  const path = textOption(options, 'file')
  const format = choiceOption(options, 'format', fileFormats)
  if (args.length > 0) {
    if (path !== undefined) throw new ValenceError('VAL_USAGE_INVALID', 'give texts or --file, not both')
    return givenTexts(args)
  }
  if (path === undefined && context.stdin.isTTY) {
    context.stderr.write('reading texts from the terminal, one a line; end with Ctrl-D\n')
  }
  return fileTexts(path ?? '-', format, context)
}

/** `valence score`: prints one JSON object per text, in input order: its score, or the error. */
export async function runScore(
  context: CliContext,
  options: CommandOptions,
  args: readonly string[],
): Promise<ExitCode> {
  const { stdout, stderr, signal } = context
  const config = readConfig(context.environment)
  const texts = await openTexts(context, options, args)
  const progress = await openProgress(stderr, 'texts')
  const write = (block: Parameters<Parameters<typeof scoreTexts>[3]>[0]) => writeLines(stdout, block.map(scoredLine))
  const { done, failed } = await scoreTexts(config, { signal, progress }, texts, write).finally(() =>
    progress[Symbol.dispose](),
  )
  if (signal.aborted) stderr.write(paint(stderr, 'yellow', `stopped after ${counted(done, 'text')}\n`))
  if (failed > 0) stderr.write(paint(stderr, 'red', `${failed} of ${counted(done, 'text')} could not be scored\n`))
  return failed > 0 || signal.aborted ? 1 : 0
}
