import { readConfig } from '../../config/config.ts'
import { FileProducer, type Produced } from '../../jobs/produce/produce-file.ts'
import { expectTopic } from '../../kafka/kafka-admin.ts'
import { openInput } from '../../text-files/input-file.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { LineProblems } from '../line-problems.ts'
import { counted, paint, writeAnswer } from '../output.ts'
import { produceOptions } from '../produce-options.ts'
import { openProgress } from '../progress.ts'

/** `produce FILE`: sends lines as text events and reports invalid ones. With --raw it sends their bytes unchanged. */
export async function runProduce(
  context: CliContext,
  options: CommandOptions,
  [path = '']: readonly string[],
): Promise<ExitCode> {
  const { stderr, signal } = context
  const config = readConfig(context.environment)
  const given = produceOptions(config, options, path)
  const file = await openInput(path, context)
  await expectTopic(config, given.topic)
  const problems = new LineProblems()
  const progress = await openProgress(stderr, 'texts')
  const producer = new FileProducer(config, given, { signal, progress, onProblem: problems.add.bind(problems) })
  try {
    await producer.run(file)
  } finally {
    progress[Symbol.dispose]()
    const { summary } = producer
    await writeAnswer(context, options, summary, () => [describe(summary)])
    problems.report(stderr, 'rejected')
  }
  if (signal.aborted) stderr.write(paint(stderr, 'yellow', 'stopped before the end of the file\n'))
  return problems.count > 0 || signal.aborted ? 1 : 0
}

function describe({ produced, rejected, seconds }: Produced): string {
  const rate = seconds > 0 ? Math.round(produced / seconds).toLocaleString('en-US') : '0'
  return `${counted(produced, 'text')} produced, ${rejected} rejected, ${seconds.toFixed(1)} s, ${rate}/s`
}
