import { performance } from 'node:perf_hooks'
import { ValenceError } from '@valence/schemas'
import { type Config, readConfig } from '../../config/config.ts'
import { expectTopic } from '../../kafka/kafka-admin.ts'
import { fileFormats, openInput } from '../../text-files/input-file.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { LineProblems } from '../line-problems.ts'
import { choiceOption, countOption, textOption } from '../options.ts'
import { counted, paint, writeJson, writeLines } from '../output.ts'
import { startProgress } from '../progress.ts'
import { produceLines } from './produce-lines.ts'
import type { ProduceOptions, ProduceWatch } from './produce-run.ts'
import { produceTexts } from './produce-texts.ts'

/** `produce FILE`: a line that is no text is reported and counted; with --raw its bytes go out as they are. */
export async function runProduce(
  context: CliContext,
  options: CommandOptions,
  [path = '']: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const given = readOptions(config, options, path)
  const file = await openInput(path, context)
  await expectTopic(config, given.topic)
  const startedAt = performance.now()
  const progress = await startProgress(context.stderr, { noun: 'texts', total: file.totalBytes })
  const problems = new LineProblems()
  let produced = 0
  const watch: ProduceWatch = {
    signal: context.signal,
    problems,
    onProduced(count, end) {
      produced += count
      progress.update(end, produced)
    },
  }
  try {
    if (given.raw) await produceLines(config, given, file, watch)
    else await produceTexts(config, given, file, watch)
  } finally {
    progress.stop()
    const seconds = (performance.now() - startedAt) / 1_000
    await summarise(context, options, { produced, rejected: problems.count, seconds: Number(seconds.toFixed(3)) })
    problems.report(context.stderr, 'rejected')
  }
  if (context.signal.aborted)
    context.stderr.write(paint(context.stderr, 'yellow', 'stopped before the end of the file\n'))
  return problems.count > 0 || context.signal.aborted ? 1 : 0
}

function readOptions(config: Config, options: CommandOptions, path: string): ProduceOptions {
  const raw = options.raw === true
  const key = textOption(options, 'key')
  const format = choiceOption(options, 'format', fileFormats)
  if (raw && (key !== undefined || format !== 'auto')) {
    throw new ValenceError('VAL_USAGE_INVALID', '--raw looks into no line, so it goes with neither --key nor --format')
  }
  const topic = textOption(options, 'topic') ?? (config.inputTopics[0] as string)
  return { path, topic, format, key, raw, rate: countOption(options, 'rate') }
}

interface Summary {
  readonly produced: number
  readonly rejected: number
  readonly seconds: number
}

async function summarise({ stdout }: CliContext, { json }: CommandOptions, summary: Summary): Promise<void> {
  if (json) return writeJson(stdout, summary)
  const { produced, rejected, seconds } = summary
  const rate = seconds > 0 ? Math.round(produced / seconds).toLocaleString('en-US') : '0'
  const parts = [
    `${counted(produced, 'text')} produced`,
    `${rejected} rejected`,
    `${seconds.toFixed(1)} s`,
    `${rate}/s`,
  ]
  await writeLines(stdout, [parts.join(', ')])
}
