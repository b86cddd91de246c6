import { isValenceError, ValenceError } from '@valence/schemas'
import { readConfig } from '../../config/config.ts'
import { openCliScorer } from '../../scoring/in-process-scorer.ts'
import { fileFormats, type InputFile, openInput, readItems } from '../../text-files/input-file.ts'
import { lookAhead } from '../../text-files/look-ahead.ts'
import { type ScoredItem, scoreItems } from '../../text-files/score-items.ts'
import { fieldText, type TextItem } from '../../text-files/text-line.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { choiceOption, textOption } from '../options.ts'
import { counted, paint, writeLines } from '../output.ts'
import { startProgress } from '../progress.ts'

interface Input {
  readonly items: AsyncIterator<readonly TextItem[]>
  readonly file?: InputFile
}

async function* argumentItems(texts: readonly string[]): AsyncGenerator<readonly TextItem[]> {
  yield texts.map((text, index) => ({ line: index + 1, end: 0, fields: { text } }))
}

async function openTexts(context: CliContext, options: CommandOptions, args: readonly string[]): Promise<Input> {
  const path = textOption(options, 'file')
  const format = choiceOption(options, 'format', fileFormats)
  if (args.length > 0) {
    if (path !== undefined) throw new ValenceError('VAL_USAGE_INVALID', 'give texts or --file, not both')
    return { items: argumentItems(args) }
  }
  if (path === undefined && context.stdin.isTTY) {
    context.stderr.write('reading texts from the terminal, one a line; end with Ctrl-D\n')
  }
  const file = await openInput(path ?? '-', context)
  return { items: readItems(path ?? '-', file, format), file }
}

/** The id that the text came with, else the number of its line. */
function idOf({ line, fields }: TextItem): string {
  return (fields && fieldText(fields, 'id')) ?? String(line)
}

function toLine({ item, outcome }: ScoredItem): string {
  const id = idOf(item)
  if (isValenceError(outcome)) return JSON.stringify({ id, error: { code: outcome.code, message: outcome.message } })
  const { label, scores, valence, tokens, truncated, model } = outcome
  return JSON.stringify({ id, label, scores, valence, tokens, truncated, model })
}

/** `valence score`: one JSON object a text, in the order of the texts; a text that cannot be scored says why. */
export async function runScore(
  context: CliContext,
  options: CommandOptions,
  args: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const input = await openTexts(context, options, args)
  const { amount, items } = await lookAhead(input.items)
  const engine = await openCliScorer(config, amount)
  const progress = await startProgress(context.stderr, { noun: 'texts', total: input.file?.totalBytes })
  let done = 0
  let failed = 0
  try {
    for await (const block of scoreItems(engine.scorer, items, context.signal)) {
      await writeLines(context.stdout, block.map(toLine))
      done += block.length
      failed += block.filter(({ outcome }) => isValenceError(outcome)).length
      progress.update(block.at(-1)?.item.end ?? 0, done)
    }
  } finally {
    progress.stop()
    await engine.close()
  }
  return summarise(context, done, failed)
}

function summarise({ stderr, signal }: CliContext, done: number, failed: number): ExitCode {
  if (signal.aborted) stderr.write(paint(stderr, 'yellow', `stopped after ${counted(done, 'text')}\n`))
  if (failed > 0) stderr.write(paint(stderr, 'red', `${failed} of ${counted(done, 'text')} could not be scored\n`))
  return failed > 0 || signal.aborted ? 1 : 0
}
