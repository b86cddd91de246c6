import { isValenceError, ValenceError } from '@valence/schemas'
import { readConfig } from '../../config/config.ts'
import { type Evaluation, evaluate, type Judged } from '../../model/evaluation.ts'
import { openCliScorer } from '../../scoring/in-process-scorer.ts'
import { fileFormats, openInput, readItems } from '../../text-files/input-file.ts'
import { type ScoredItem, scoreItems } from '../../text-files/score-items.ts'
import { fieldText } from '../../text-files/text-line.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { LineProblems } from '../line-problems.ts'
import { choiceOption } from '../options.ts'
import { counted, paint, writeJson, writeLines } from '../output.ts'
import { startProgress } from '../progress.ts'
import { formatTable } from '../table.ts'

/** `model evaluate FILE`: how the configured model does on labelled texts. */
export async function runModelEvaluate(
  context: CliContext,
  options: CommandOptions,
  [path = '']: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const format = choiceOption(options, 'format', fileFormats)
  const file = await openInput(path, context)
  const engine = await openCliScorer(config, 'many')
  const labels = engine.model.manifest.labels.map(({ name }) => name)
  const progress = await startProgress(context.stderr, { noun: 'texts', total: file.totalBytes })
  const judged: Judged[] = []
  const problems = new LineProblems()
  try {
    for await (const block of scoreItems(engine.scorer, readItems(path, file, format), context.signal)) {
      for (const scored of block) judge(scored, labels, judged, problems)
      progress.update(block.at(-1)?.item.end ?? 0, judged.length)
    }
  } finally {
    progress.stop()
    await engine.close()
  }
  // An evaluation of nothing would print perfect nonsense.
  if (judged.length === 0)
    throw problems.first ?? new ValenceError('VAL_USAGE_INVALID', 'the file has no labelled texts')
  const evaluation = evaluate(labels, judged)
  if (options.json) await writeJson(context.stdout, toJson(evaluation))
  else await writeLines(context.stdout, describe(evaluation))
  problems.report(context.stderr, 'left out')
  if (context.signal.aborted) {
    context.stderr.write(paint(context.stderr, 'yellow', 'stopped early: the figures cover a part of the file\n'))
  }
  return problems.count > 0 || context.signal.aborted ? 1 : 0
}

function judge(
  { item, outcome }: ScoredItem,
  labels: readonly string[],
  judged: Judged[],
  problems: LineProblems,
): void {
  if (isValenceError(outcome)) {
    problems.add(item.line, outcome)
    return
  }
  const truth = item.fields && fieldText(item.fields, 'label')
  if (truth === undefined || !labels.includes(truth)) {
    const given = truth === undefined ? 'nothing' : JSON.stringify(truth.slice(0, 40))
    const error = new ValenceError('VAL_RECORD_INVALID', `label must be one of ${labels.join(', ')}, not ${given}`)
    problems.add(item.line, error)
  } else judged.push({ truth, scores: outcome.scores })
}

/** How many texts a class has is in the confusion already. */
function toJson(evaluation: Evaluation) {
  const perClass = Object.entries(evaluation.perClass).map(([label, { precision, recall, f1 }]) => [
    label,
    { precision, recall, f1 },
  ])
  return { ...evaluation, perClass: Object.fromEntries(perClass) }
}

function describe({ n, accuracy, macroRecall, macroF1, ece, perClass, confusion }: Evaluation): string[] {
  const right = { align: 'right' } as const
  const labels = Object.keys(perClass)
  const share = (value: number) => value.toFixed(4)
  const classes = Object.entries(perClass).map(([label, { precision, recall, f1, support }]) => [
    label,
    share(precision),
    share(recall),
    share(f1),
    String(support),
  ])
  const titles = ['PRECISION', 'RECALL', 'F1', 'TEXTS'].map((title) => ({ title, ...right }))
  const counts = labels.map((truth) => [truth, ...labels.map((label) => String(confusion[truth]?.[label] ?? 0))])
  return [
    `${counted(n, 'text')}: accuracy ${share(accuracy)}, macro-recall ${share(macroRecall)}, macro-F1 ${share(macroF1)}, calibration error ${share(ece)}`,
    '',
    ...formatTable([{ title: 'CLASS' }, ...titles], classes),
    '',
    ...formatTable([{ title: 'TRUTH \\ ANSWER' }, ...labels.map((title) => ({ title, ...right }))], counts),
  ]
}
