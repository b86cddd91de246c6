import { ValenceError } from '@valence/schemas'

export interface AdmissionOptions {
  /** Upper bound of texts in work. */
  readonly maxTexts: number
  /** Lower bound of the limit, however slow the engine is. */
  readonly minTexts?: number
  /** The limit falls while the mean scoring time is above this. */
  readonly targetMs?: number
  readonly now?: () => number
  readonly onChange?: (texts: number) => void
}

/** Window over which scoring times are averaged before the limit moves. Chosen, not measured: about ten batches. */
const windowMs = 100

/**
 * Multiplicative decrease and increase; the factors are chosen, not measured. The limit falls in larger steps than it rises, so that
 * an overload ends within a few windows. Between `raiseBelow` × target and the target it stands still, so that it does not
 * swing. It rises only while it is in use, because an unused limit says nothing about the engine.
 */
const control = { lower: 0.8, raise: 1.1, raiseBelow: 0.75, inUse: 0.9 }

/**
 * Limits the texts that HTTP has in work. A request beyond the limit is refused at once: a short queue keeps the
 * latency of those admitted, a long one breaks it for all. The limit follows the mean scoring time, since the CPU's
 * speed varies: down by a fifth when it is above the target, up by a tenth when it is below and the limit is in use.
 */
export class Admission {
  readonly #options: Required<AdmissionOptions>
  #limit: number
  #texts = 0
  #peak = 0
  #sumMs = 0
  #answers = 0
  #windowStart: number

  constructor(options: AdmissionOptions) {
    const { maxTexts } = options
    this.#options = {
      minTexts: Math.min(4, maxTexts),
      targetMs: Number.POSITIVE_INFINITY,
      now: () => performance.now(),
      onChange: () => undefined,
      ...options,
    }
    this.#limit = maxTexts
    this.#windowStart = this.#options.now()
  }

  get texts(): number {
    return this.#texts
  }

  get limit(): number {
    return this.#limit
  }

  get isFull(): boolean {
    return this.#texts >= Math.floor(this.#limit)
  }

  /** Holds room for this many texts, at most all of it, until disposed. @throws VAL_HTTP_OVERLOADED */
  admit(texts: number): Disposable {
    const limit = Math.floor(this.#limit)
    const taken = Math.min(texts, limit)
    if (this.#texts + taken > limit) throw new ValenceError('VAL_HTTP_OVERLOADED')
    this.#change(taken)
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (held) this.#change(-taken)
        held = false
      },
    }
  }

  /** Records the scoring time of one request. */
  observe(elapsedMs: number): void {
    this.#sumMs += elapsedMs
    this.#answers++
    if (this.#options.now() - this.#windowStart < windowMs) return
    this.#adapt(this.#sumMs / this.#answers)
    this.#sumMs = 0
    this.#answers = 0
    this.#peak = this.#texts
    this.#windowStart = this.#options.now()
  }

  #adapt(averageMs: number): void {
    const { targetMs, minTexts, maxTexts } = this.#options
    if (averageMs > targetMs) this.#limit = Math.max(minTexts, this.#limit * control.lower)
    else if (averageMs < targetMs * control.raiseBelow && this.#isInUse) {
      this.#limit = Math.min(maxTexts, this.#limit * control.raise)
    }
  }

  get #isInUse(): boolean {
    return this.#peak >= Math.floor(this.#limit) * control.inUse
  }

  #change(texts: number): void {
    this.#texts += texts
    this.#peak = Math.max(this.#peak, this.#texts)
    this.#options.onChange(this.#texts)
  }
}
