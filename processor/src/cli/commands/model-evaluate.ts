import { readConfig } from '../../config/config.ts'
import { evaluateFile } from '../../jobs/evaluate-file.ts'
import { fileFormats, openInput } from '../../text-files/input-file.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { LineProblems } from '../line-problems.ts'
import { choiceOption } from '../options.ts'
import { paint, writeAnswer } from '../output.ts'
import { openProgress } from '../progress.ts'
import { describeEvaluation, evaluationToJson } from '../views/evaluation-view.ts'

/** `model evaluate FILE`: evaluates the configured model on labelled texts. */
export async function runModelEvaluate(
  context: CliContext,
  options: CommandOptions,
  [path = '']: readonly string[],
): Promise<ExitCode> {
  const { stderr, signal } = context
  const config = readConfig(context.environment)
  const format = choiceOption(options, 'format', fileFormats)
  const file = await openInput(path, context)
  const problems = new LineProblems()
  const onProblem = problems.add.bind(problems)
  const progress = await openProgress(stderr, 'texts')
  const evaluation = await evaluateFile(config, { signal, progress }, { path, format, file, onProblem }).finally(() =>
    progress[Symbol.dispose](),
  )
  await writeAnswer(context, options, evaluationToJson(evaluation), () => describeEvaluation(evaluation))
  problems.report(stderr, 'left out')
  if (signal.aborted) stderr.write(paint(stderr, 'yellow', 'stopped early: the figures cover a part of the file\n'))
  return problems.count > 0 || signal.aborted ? 1 : 0
}
