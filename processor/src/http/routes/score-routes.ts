import { createHash, randomUUID } from 'node:crypto'
import { checkText, type ScoredEvent, type ValenceError } from '@valence/schemas'
import type { Sentiment } from '../../domain/sentiment.ts'
import type { Verdict } from '../../domain/verdict.ts'
import { problems } from '../contract/problem-response.ts'
import { batchResponse, scoredResponse } from '../contract/scored-response.ts'
import { type BatchItem, batchRequest, deadlineHeaders, scoreQuery, textRequest } from '../contract/text-request.ts'
import type { FacadeScorer } from '../facade-scorer.ts'
import type { HttpApp } from '../http-app.ts'
import { statusOf, toProblem } from '../problem.ts'
import { patienceOf } from '../request-context.ts'

export interface ScoreRoutesOptions {
  readonly scorer: FacadeScorer
  /** Changes whenever the same text may get another score. */
  readonly modelFingerprint: () => string
  readonly timeoutMs: number
  readonly cache: { readonly scope: 'private' | 'public'; readonly maxAgeMs: number }
}

type TextFields = Partial<Omit<BatchItem, 'text'>>

function toEvent(sentiment: Sentiment, fields: TextFields, id: string): ScoredEvent & { origin: null } {
  return {
    id: fields.id || id,
    occurredAt: fields.occurredAt ?? null,
    source: fields.source ?? null,
    lang: fields.lang ?? null,
    attributes: fields.attributes ?? {},
    ...sentiment,
    scoredAt: Date.now(),
    origin: null,
  }
}

function expectScored(verdict: Verdict): Sentiment {
  if (verdict.kind !== 'scored') throw verdict.error
  return verdict.sentiment
}

/** The one reason why nothing was scored, where it is the system's and the same for all. */
function sharedFailure(verdicts: readonly Verdict[]): ValenceError | undefined {
  const errors = verdicts.map((verdict) => (verdict.kind === 'retryable' ? verdict.error : undefined))
  const [first] = errors
  return first && errors.every((error) => error?.code === first.code) ? first : undefined
}

function toItem(verdict: Verdict, item: string | BatchItem) {
  const fields = typeof item === 'string' ? {} : item
  if (verdict.kind === 'scored') {
    return { verdict: verdict.kind, event: toEvent(verdict.sentiment, fields, randomUUID()) }
  }
  const { code, title, detail } = toProblem(verdict.error, '')
  return {
    verdict: verdict.kind,
    error: { code, title, status: statusOf(verdict.error), ...(detail === undefined ? {} : { detail }) },
  }
}

const security = [{ credentials: ['sentiment:score'] }]

export function addScoreRoutes(app: HttpApp, options: ScoreRoutesOptions): void {
  addScore(app, options)
  addCacheableScore(app, options)
  addBatch(app, options)
}

function addScore(app: HttpApp, { scorer, timeoutMs }: ScoreRoutesOptions): void {
  app.post('/v1/score', {
    config: { scope: 'sentiment:score' },
    schema: {
      operationId: 'score',
      summary: 'Score one text',
      tags: ['scoring'],
      security,
      headers: deadlineHeaders,
      body: textRequest,
      response: { 200: scoredResponse, ...problems(413, 415, 504) },
    },
    handler: async (request, reply) => {
      const { text, ...fields } = request.body
      const verdict = await scorer.score(text, patienceOf(request, timeoutMs))
      const event = toEvent(expectScored(verdict), fields, randomUUID())
      return reply.header('cache-control', 'no-store').send(event)
    },
  })
}

function addCacheableScore(app: HttpApp, { scorer, timeoutMs, modelFingerprint, cache }: ScoreRoutesOptions): void {
  const cacheControl = `${cache.scope}, max-age=${Math.floor(cache.maxAgeMs / 1_000)}, must-revalidate`
  app.get('/v1/score', {
    config: { scope: 'sentiment:score' },
    schema: {
      operationId: 'scoreCacheable',
      summary: 'Score one short text; browsers and, if so configured, shared caches may keep the answer',
      tags: ['scoring'],
      security,
      headers: deadlineHeaders,
      querystring: scoreQuery,
      response: {
        200: scoredResponse,
        304: { type: 'null', description: 'The answer that the caller has is still right' },
        ...problems(413, 504),
      },
    },
    handler: async (request, reply) => {
      const text = checkText(request.query.text)
      const digest = createHash('sha256').update(text).digest('base64url').slice(0, 22)
      // Weak: the time of scoring differs, what it says does not.
      const fingerprint = modelFingerprint()
      const etag = `W/"${fingerprint}-${digest}"`
      reply.header('etag', etag).header('cache-control', cacheControl).header('vary', 'authorization, x-api-key')
      const known = request.headers['if-none-match']
      if (known?.split(',').some((tag) => tag.trim() === etag)) return reply.code(304).send(null)
      const verdict = await scorer.score(text, patienceOf(request, timeoutMs))
      // Swapped meanwhile: which of the two models the answer is of is not worth telling.
      if (modelFingerprint() !== fingerprint) reply.removeHeader('etag').header('cache-control', 'no-store')
      return toEvent(expectScored(verdict), {}, digest)
    },
  })
}

function addBatch(app: HttpApp, { scorer, timeoutMs }: ScoreRoutesOptions): void {
  app.post('/v1/score/batch', {
    config: {
      scope: 'sentiment:score',
      cost: ({ body }) => (body as { texts: unknown[] }).texts.length,
    },
    schema: {
      operationId: 'scoreBatch',
      summary: 'Score up to 256 texts; each has a verdict of its own, in order',
      tags: ['scoring'],
      security,
      headers: deadlineHeaders,
      body: batchRequest,
      response: { 200: batchResponse, ...problems(413, 415, 504) },
    },
    handler: async (request, reply) => {
      const { texts } = request.body
      const bare = texts.map((item) => (typeof item === 'string' ? item : item.text))
      const verdicts = await scorer.scoreAll(bare, patienceOf(request, timeoutMs))
      const failure = sharedFailure(verdicts)
      if (failure) throw failure
      const results = verdicts.map((verdict, index) => toItem(verdict, texts[index] as string | BatchItem))
      return reply.header('cache-control', 'no-store').send({ results })
    },
  })
}
