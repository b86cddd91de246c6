import { ValenceError } from '../errors.ts'

/** Limit of steps: `baseSteps` plus `stepsPerByte` per byte of the record, at most `maxSteps`. A step takes about 50 ns. */
const [baseSteps, stepsPerByte, maxSteps] = [1_000_000, 16, 6_000_000]
/** Characters of a string and items of an array per step; both are visited in tight loops. */
const charactersPerStep = 32
const itemsPerStep = 16
/** Cost of a property name; names are collected into an array first. */
const stepsPerName = 4

/**
 * Limits the steps of validating one record: a schema of some hundred bytes can need 2^40 evaluations of a small record.
 * It counts steps instead of time, so that a record has the same verdict on every machine.
 */
export class StepMeter {
  #left = Number.POSITIVE_INFINITY

  /** Resets the limit for the next record. */
  begin(payloadBytes: number): void {
    this.#left = Math.min(baseSteps + stepsPerByte * payloadBytes, maxSteps)
  }

  /** Counts steps. Throws VAL_SCHEMA_TOO_COMPLEX above the limit. */
  charge(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', 'validating the record takes too many steps')
  }

  /** Counts one evaluation of a subschema, whose keywords can visit a whole string or array, or all names of an object. */
  chargeFor(data: unknown, weight: number, looksAtNames: boolean): void {
    this.charge(weight + sizeOf(data, looksAtNames))
  }
}

function sizeOf(data: unknown, looksAtNames: boolean): number {
  if (typeof data === 'string') return data.length / charactersPerStep
  if (Array.isArray(data)) return data.length / itemsPerStep
  return looksAtNames && typeof data === 'object' && data !== null ? Object.keys(data).length * stepsPerName : 0
}
