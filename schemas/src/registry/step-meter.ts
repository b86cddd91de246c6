import { ValenceError } from '../errors.ts'

/** Steps of a record of any size, per byte of a record, and of the largest; a step takes about 50 ns. */
const [baseSteps, stepsPerByte, mostSteps] = [1_000_000, 16, 6_000_000]
/** Characters of a string and items of an array that are one step; both are looked at in tight loops. */
const charactersPerStep = 32
const itemsPerStep = 16
/** Names are gathered into a list of strings first. */
const stepsPerName = 4

/**
 * Counts the steps of validating one record and ends the work when there are too many: a schema of a few hundred bytes can
 * ask for 2^40 evaluations of a small record. Steps, not time, so that the same record has the same verdict everywhere.
 */
export class StepMeter {
  #left = Number.POSITIVE_INFINITY

  /** For the record that comes next. */
  begin(payloadBytes: number): void {
    this.#left = Math.min(baseSteps + stepsPerByte * payloadBytes, mostSteps)
  }

  /** Throws VAL_SCHEMA_TOO_COMPLEX. */
  charge(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', 'validating the record takes too many steps')
  }

  /** One evaluation of a subschema: its keywords may look at all of a string or an array; and at all names of an object. */
  chargeFor(data: unknown, weight: number, looksAtNames: boolean): void {
    this.charge(weight + sizeOf(data, looksAtNames))
  }
}

function sizeOf(data: unknown, looksAtNames: boolean): number {
  if (typeof data === 'string') return data.length / charactersPerStep
  if (Array.isArray(data)) return data.length / itemsPerStep
  return looksAtNames && typeof data === 'object' && data !== null ? Object.keys(data).length * stepsPerName : 0
}
