import { isValenceError, ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { type Evaluation, evaluate, type Judged } from '../model/evaluation.ts'
import { openCliScorer } from '../scoring/in-process-scorer.ts'
import { type FileFormat, type InputFile, readItems } from '../text-files/input-file.ts'
import { type ScoredItem, scoreItems } from '../text-files/score-items.ts'
import { fieldText } from '../text-files/text-line.ts'
import type { Job } from './job.ts'

export interface LabelledFile {
  readonly path: string
  readonly format: FileFormat
  readonly file: InputFile
  /** Called for each line that is left out. */
  readonly onProblem: (line: number, error: ValenceError) => void
}

/**
 * Evaluates the configured model on labelled texts; after an abort, on the texts scored so far.
 * @throws VAL_USAGE_INVALID or the first problem, if there is no labelled text
 */
export async function evaluateFile(
  config: Config,
  { signal, progress }: Pick<Job, 'signal' | 'progress'>,
  { path, format, file, onProblem }: LabelledFile,
): Promise<Evaluation> {
  const engine = await openCliScorer(config, 'many')
  const labels = engine.model.manifest.labels.map(({ name }) => name)
  const judged: Judged[] = []
  let problem: ValenceError | undefined
  progress.start(file.totalBytes)
  try {
    for await (const block of scoreItems(engine.scorer, readItems(path, file, format), signal)) {
      for (const scored of block) {
        const found = judge(scored, labels)
        if (!isValenceError(found)) judged.push(found)
        else {
          problem ??= found
          onProblem(scored.item.line, found)
        }
      }
      progress.update(block.at(-1)?.item.end ?? 0, judged.length)
    }
  } finally {
    await engine.close()
  }
  // Metrics of zero texts are undefined.
  if (judged.length === 0) throw problem ?? new ValenceError('VAL_USAGE_INVALID', 'the file has no labelled texts')
  return evaluate(labels, judged)
}

function judge({ item, outcome }: ScoredItem, labels: readonly string[]): Judged | ValenceError {
  if (isValenceError(outcome)) return outcome
  const truth = item.fields && fieldText(item.fields, 'label')
  if (truth !== undefined && labels.includes(truth)) return { truth, scores: outcome.scores }
  const given = truth === undefined ? 'nothing' : JSON.stringify(truth.slice(0, 40))
  return new ValenceError('VAL_RECORD_INVALID', `label must be one of ${labels.join(', ')}, not ${given}`)
}
