import { ValenceError } from '@valence/schemas'

export interface AdmissionOptions {
  /** Texts in work, at most. */
  readonly maxTexts: number
  /** However slow the engine is, so many are let in. */
  readonly minTexts?: number
  /** Fewer are let in while scoring takes longer than this on average. */
  readonly targetMs?: number
  readonly now?: () => number
  readonly onChange?: (texts: number) => void
}

/** Answers are averaged over so long before the limit moves. */
const windowMs = 100

/**
 * The share of the batcher that HTTP may hold. Who finds it full is sent away at once: a short queue keeps the promise
 * made to those inside, a long one breaks it for everybody. How much is short depends on what the CPU gives at the
 * moment, so the limit follows the time that answers take: down by a fifth when too long, up by a tenth when there is
 * time to spare and somebody to use it.
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

  /** Takes room for so many texts until disposed; more than there ever is counts as all of it. @throws VAL_HTTP_OVERLOADED */
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

  /** Tells how long an answer took. */
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
    if (averageMs > targetMs) this.#limit = Math.max(minTexts, this.#limit * 0.8)
    else if (averageMs < targetMs * 0.75 && this.#peak >= Math.floor(this.#limit) * 0.9) {
      this.#limit = Math.min(maxTexts, this.#limit * 1.1)
    }
  }

  #change(texts: number): void {
    this.#texts += texts
    this.#peak = Math.max(this.#peak, this.#texts)
    this.#options.onChange(this.#texts)
  }
}
