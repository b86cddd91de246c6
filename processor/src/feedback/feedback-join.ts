import { hash } from 'node:crypto'
import { BoundedLabel, otherValue } from '../observability/bounded-label.ts'

/** Outcome of one feedback event. */
export type FeedbackOutcome =
  | 'right'
  | 'wrong'
  /** No text with that id was scored within the window. */
  | 'unmatched'
  /** The text already had a feedback event. */
  | 'repeated'
  /** The model does not have this label. */
  | 'unknown-label'

export interface JoinedFeedback {
  readonly version: string
  readonly truth: string
  readonly answer: string
  /** Time from scoring to feedback; 0 if the feedback arrived first. */
  readonly delayMs: number
}

export interface FeedbackObserver {
  counted(outcome: FeedbackOutcome): void
  joined(joined: JoinedFeedback): void
}

export interface FeedbackJoinOptions {
  readonly windowMs: number
  /** Maximum scores that wait for their feedback, and maximum feedback events that wait for their score. */
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

/** Labels and versions that have their own metric label; others are `other`. */
const maxLabels = 50
const maxVersions = 10
const maxLabelLength = 64

/** A digest of the id: ids of producers have no maximum length. */
function digest(id: string): string {
  return hash('sha256', id, 'base64').slice(0, 22)
}

/**
 * Joins true labels and scores by id, in either order, within a window of limited time and size. An event that leaves
 * the window without its counterpart is dropped; a feedback event then counts as unmatched.
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

  /** Number of waiting events of each kind. */
  get sizes(): { readonly scored: number; readonly feedback: number } {
    return { scored: this.#scored.size, feedback: this.#waiting.size }
  }

  scored(event: ScoredText, at: number): void {
    this.#learnLabels(event.scores)
    const key = digest(event.id)
    // A text that is scored twice is counted once.
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

  /** Drops events older than the window. */
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

  /** Insertion order: the oldest events are first. */
  #keep<T>(map: Map<string, T>, key: string, value: T): void {
    map.delete(key)
    map.set(key, value)
  }

  #judge(key: string, scored: Scored, truth: string, delayMs: number): void {
    const { observer } = this.#options
    // The id or the label may be a mistake: the text can still get feedback.
    if (!this.#labels.has(truth)) {
      observer.counted('unknown-label')
      return
    }
    const { answer, version } = scored
    // Replaced in place; it does not become the newest.
    this.#scored.set(key, { ...scored, isJudged: true })
    observer.counted(answer === truth ? 'right' : 'wrong')
    observer.joined({ version, truth, answer: this.#labels.has(answer) ? answer : otherValue, delayMs })
  }
}

/** The fields of a scored event that the join needs. */
interface ScoredText {
  readonly id: string
  readonly label: string
  readonly scores: Readonly<Record<string, number>>
  readonly model: { readonly version: string }
}
