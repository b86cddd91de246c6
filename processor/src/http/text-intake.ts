import { createHash } from 'node:crypto'
import { ValenceError } from '@valence/schemas'
import { LRUCache } from 'lru-cache'
import type { AcceptedText } from './accepted-text.ts'
import type { TextRequest } from './contract/text-request.ts'
import type { SharedAnswers } from './shared-answers.ts'

/** Produces one text; resolves once the broker has acknowledged it. @throws VAL_INTAKE_UNAVAILABLE */
export type ProduceText = (
  event: TextRequest & { readonly id: string },
  headers: Readonly<Record<string, string>>,
) => Promise<AcceptedText>

export interface IntakeRequest {
  readonly event: TextRequest
  readonly subject: string
  /** Same subject, same key: the same text is not produced again. */
  readonly idempotencyKey?: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

interface Remembered {
  readonly digest: string
  readonly answer: Promise<AcceptedText>
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

/** Lifetime of an idempotency key's answer. */
export const answerTtlMs = 3_600_000

/** Digest of a request's content, independent of the order of its members. */
function digestOfEvent({ attributes = {}, ...fields }: TextRequest): string {
  return digestOf([Object.entries(fields).sort(), Object.entries(attributes).sort()])
}

/**
 * Accepts texts for Kafka. An idempotency key makes a repeated request harmless: it gets the same answer for an hour,
 * from every replica where answers are shared. Without Redis another replica produces the text again, under the same
 * id, so that readers can drop the repetition.
 */
export class TextIntake {
  readonly #produce: ProduceText
  readonly #shared: SharedAnswers | undefined
  readonly #known = new LRUCache<string, Remembered>({ max: 100_000, ttl: answerTtlMs })

  constructor(produce: ProduceText, shared?: SharedAnswers) {
    this.#produce = produce
    this.#shared = shared
  }

  /** @throws VAL_INTAKE_UNAVAILABLE, VAL_IDEMPOTENCY_KEY_REUSED */
  accept({ event, subject, idempotencyKey, headers }: IntakeRequest): Promise<AcceptedText> {
    if (idempotencyKey === undefined) return this.#produce({ ...event, id: event.id || crypto.randomUUID() }, headers)
    const key = digestOf([subject, idempotencyKey])
    const digest = digestOfEvent(event)
    const known = this.#known.get(key)
    if (known?.digest === digest) return known.answer
    if (known) return Promise.reject(new ValenceError('VAL_IDEMPOTENCY_KEY_REUSED'))
    const produce = () => this.#produce({ ...event, id: event.id || key.slice(0, 32) }, headers)
    const answer = this.#shared ? this.#shared.once(key, digest, produce) : produce()
    this.#known.set(key, { digest, answer })
    // A failure frees the key.
    answer.catch(() => this.#known.delete(key))
    return answer
  }
}
