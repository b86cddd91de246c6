import type { Evaluation } from '../../model/evaluation.ts'
import { counted } from '../output.ts'
import { formatTable } from '../table.ts'

/** Leaves `support` out: the confusion matrix has the number of texts per class. */
export function evaluationToJson(evaluation: Evaluation) {
  const perClass = Object.entries(evaluation.perClass).map(([label, { precision, recall, f1 }]) => [
    label,
    { precision, recall, f1 },
  ])
  return { ...evaluation, perClass: Object.fromEntries(perClass) }
}

/** Overall metrics, metrics per class, and the confusion matrix. */
export function describeEvaluation({
  n,
  accuracy,
  macroRecall,
  macroF1,
  ece,
  perClass,
  confusion,
}: Evaluation): string[] {
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
