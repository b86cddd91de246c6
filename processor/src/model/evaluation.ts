/** Precision, recall and F1 of one class, each 0 to 1. */
export interface ClassQuality {
  readonly precision: number
  readonly recall: number
  readonly f1: number
  /** Examples whose true label is this class. */
  readonly support: number
}

export interface Evaluation {
  readonly n: number
  readonly accuracy: number
  /** Mean recall over the classes that occur. */
  readonly macroRecall: number
  readonly macroF1: number
  /** Expected calibration error over 15 equal bins of the top probability, 0 (calibrated) to 1. */
  readonly ece: number
  readonly perClass: Readonly<Record<string, ClassQuality>>
  /** True label → predicted label → count. */
  readonly confusion: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** One example: its true label and the model's probabilities. */
export interface Judged {
  readonly truth: string
  readonly scores: Readonly<Record<string, number>>
}

/** As in the literature on calibration (Guo et al. 2017). */
const calibrationBins = 15

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

function mean(values: readonly number[]): number {
  return ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  )
}

/** The most probable label, the first of equals, and its probability. */
function top(scores: Readonly<Record<string, number>>): { label: string; probability: number } {
  let best = { label: '', probability: -1 }
  for (const [label, probability] of Object.entries(scores)) {
    if (probability > best.probability) best = { label, probability }
  }
  return best
}

/** Mean gap between confidence and accuracy, weighted by the examples in each bin of confidence. */
export function expectedCalibrationError(answers: readonly { probability: number; right: boolean }[]): number {
  const bins = Array.from({ length: calibrationBins }, () => ({ count: 0, confidence: 0, right: 0 }))
  for (const { probability, right } of answers) {
    // The bins are (0, 1/15], (1/15, 2/15] …, so that 1 belongs to the last.
    const index = Math.min(calibrationBins - 1, Math.max(0, Math.ceil(probability * calibrationBins) - 1))
    const bin = bins[index]
    if (!bin) continue
    bin.count++
    bin.confidence += probability
    if (right) bin.right++
  }
  const gaps = bins.map(({ confidence, right }) => Math.abs(confidence - right))
  return ratio(
    gaps.reduce((sum, gap) => sum + gap, 0),
    answers.length,
  )
}

function confusionOf(
  labels: readonly string[],
  pairs: readonly { truth: string; label: string }[],
): Record<string, Record<string, number>> {
  const row = () => Object.fromEntries(labels.map((label) => [label, 0]))
  const confusion: Record<string, Record<string, number>> = Object.fromEntries(labels.map((label) => [label, row()]))
  for (const { truth, label } of pairs) {
    const counts = confusion[truth]
    if (counts) counts[label] = (counts[label] ?? 0) + 1
  }
  return confusion
}

function classQuality(confusion: Record<string, Record<string, number>>, label: string): ClassQuality {
  const hits = confusion[label]?.[label] ?? 0
  const support = Object.values(confusion[label] ?? {}).reduce((sum, count) => sum + count, 0)
  const named = Object.values(confusion).reduce((sum, row) => sum + (row[label] ?? 0), 0)
  const precision = ratio(hits, named)
  const recall = ratio(hits, support)
  return { precision, recall, f1: ratio(2 * precision * recall, precision + recall), support }
}

/**
 * Accuracy, precision, recall, F1 and calibration error of the model. Classes without a true example are listed but not
 * included in the means. True labels must be labels of the model; the caller checks this.
 * @param labels the model's labels
 */
export function evaluate(labels: readonly string[], examples: readonly Judged[]): Evaluation {
  const answers = examples.map(({ truth, scores }) => ({ truth, ...top(scores) }))
  const confusion = confusionOf(labels, answers)
  const perClass = Object.fromEntries(labels.map((label) => [label, classQuality(confusion, label)] as const))
  const occurring = Object.values(perClass).filter(({ support }) => support > 0)
  const right = answers.map(({ truth, label, probability }) => ({ probability, right: truth === label }))
  return {
    n: examples.length,
    accuracy: ratio(right.filter((answer) => answer.right).length, examples.length),
    macroRecall: mean(occurring.map(({ recall }) => recall)),
    macroF1: mean(occurring.map(({ f1 }) => f1)),
    ece: expectedCalibrationError(right),
    perClass,
    confusion,
  }
}
