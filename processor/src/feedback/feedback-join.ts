import { hash } from 'node:crypto'
import { BoundedLabel, otherValue } from '../observability/bounded-label.ts'

/** What became of one feedback event. */
export type FeedbackOutcome =
  | 'right'
  | 'wrong'
  /** No text of that id was scored within the window. */
  | 'unmatched'
  /** The text had been judged before. */
  | 'repeated'
  /** The model knows no such label. */
  | 'unknown-label'

export interface JoinedFeedback {
  readonly version: string
  readonly truth: string
  readonly answer: string
  /** From scoring to feedback; 0 where the feedback was there first. */
  readonly delayMs: number
}

export interface FeedbackObserver {
  counted(outcome: FeedbackOutcome): void
  joined(joined: JoinedFeedback): void
}

export interface FeedbackJoinOptions {
  readonly windowMs: number
  /** Texts that wait for their feedback, at most; and as many feedbacks that wait for their text. */
  readonly windowEvents: number
  readonly observer: FeedbackObserver
}

interface Scored {
  readonly answer: string
  readonly version: string
  readonly at: number
  readonly isJudged: boolean
}

interface Waiting {
  readonly label: string
  readonly at: number
}

/** Labels and versions that are told apart in metrics. */
const maxLabels = 50
const maxVersions = 10
const maxLabelLength = 64

/** Ids are as long as their producers like; this is not. */
function digest(id: string): string {
  return hash('sha256', id, 'base64').slice(0, 22)
}

/**
 * Joins true labels to scores by id, whichever comes first, within a window of bounded time and size. What leaves the
 * window without its counterpart is forgotten; a feedback then counts as unmatched.
 */
export class FeedbackJoin {
  readonly #options: FeedbackJoinOptions
  readonly #scored = new Map<string, Scored>()
  readonly #waiting = new Map<string, Waiting>()
  readonly #labels = new Set<string>()
  readonly #versions = new BoundedLabel(maxVersions)

  constructor(options: FeedbackJoinOptions) {
    this.#options = options
  }

  /** How many of both wait for each other. */
  get sizes(): { readonly scored: number; readonly feedback: number } {
    return { scored: this.#scored.size, feedback: this.#waiting.size }
  }

  scored(event: ScoredText, at: number): void {
    this.#learnLabels(event.scores)
    const key = digest(event.id)
    // A text that was scored again is judged once.
    if (this.#scored.get(key)?.isJudged) return
    const scored = { answer: event.label, version: this.#versions.of(event.model.version), at, isJudged: false }
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    this.#keep(this.#scored, key, scored)
    if (waiting !== undefined) this.#judge(key, scored, waiting.label, 0)
    this.expire(at)
  }

  feedback({ id, label }: { readonly id: string; readonly label: string }, at: number): void {
    const key = digest(id)
    const scored = this.#scored.get(key)
    if (scored?.isJudged || this.#waiting.has(key)) this.#options.observer.counted('repeated')
    else if (scored !== undefined) this.#judge(key, scored, label, Math.max(0, at - scored.at))
    else this.#keep(this.#waiting, key, { label, at })
    this.expire(at)
  }

  /** Forgets what is older than the window. */
  expire(now: number): void {
    const { windowMs, windowEvents, observer } = this.#options
    const isOver = (map: ReadonlyMap<string, unknown>, at: number) => map.size > windowEvents || now - at > windowMs
    for (const [key, { at }] of this.#scored) {
      if (!isOver(this.#scored, at)) break
      this.#scored.delete(key)
    }
    for (const [key, { at }] of this.#waiting) {
      if (!isOver(this.#waiting, at)) break
      this.#waiting.delete(key)
      observer.counted('unmatched')
    }
  }

  #learnLabels(scores: ScoredText['scores']): void {
    for (const label in scores) {
      if (this.#labels.size < maxLabels && label.length <= maxLabelLength) this.#labels.add(label)
    }
  }

  /** The newest stand last, so that the oldest are found first. */
  #keep<T>(map: Map<string, T>, key: string, value: T): void {
    map.delete(key)
    map.set(key, value)
  }

  #judge(key: string, scored: Scored, truth: string, delayMs: number): void {
    const { observer } = this.#options
    // Somebody mistook the id or the label: the text can still be judged.
    if (!this.#labels.has(truth)) {
      observer.counted('unknown-label')
      return
    }
    const { answer, version } = scored
    // In its place, not as the newest.
    this.#scored.set(key, { ...scored, isJudged: true })
    observer.counted(answer === truth ? 'right' : 'wrong')
    observer.joined({ version, truth, answer: this.#labels.has(answer) ? answer : otherValue, delayMs })
  }
}

/** What the join needs of a scored event. */
interface ScoredText {
  readonly id: string
  readonly label: string
  readonly scores: Readonly<Record<string, number>>
  readonly model: { readonly version: string }
}
