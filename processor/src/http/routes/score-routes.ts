import { createHash, randomUUID } from 'node:crypto'
import { isValenceError, type ScoredEvent, type TextEvent, textEventJson, type ValenceError } from '@valence/schemas'
import type { Sentiment } from '../../domain/sentiment.ts'
import { expectScored, failed, type Verdict } from '../../domain/verdict.ts'
import { problems } from '../contract/problem-response.ts'
import { batchResponse, scoredResponse } from '../contract/scored-response.ts'
import { type BatchItem, batchRequest, deadlineHeaders, scoreQuery, textRequest } from '../contract/text-request.ts'
import type { FacadeScorer } from '../facade-scorer.ts'
import type { HttpApp } from '../http-app.ts'
import { statusOf, toProblem } from '../problem.ts'
import { deadlineOf } from '../request-context.ts'

export interface ScoreRoutesOptions {
  readonly scorer: FacadeScorer
  /** Fingerprint of the model; a new one means that scores may change. */
  readonly modelFingerprint: () => string
  readonly timeoutMs: number
  readonly cache: { readonly scope: 'private' | 'public'; readonly maxAgeMs: number }
}

function toEvent(sentiment: Sentiment, text: TextEvent, id: string): ScoredEvent & { origin: null } {
  return {
    id: text.id ?? id,
    occurredAt: text.occurredAt,
    source: text.source,
    lang: text.lang,
    attributes: text.attributes,
    ...sentiment,
    scoredAt: Date.now(),
    origin: null,
  }
}

/** The error of all verdicts, where all are retryable with one code; else undefined. */
function sharedFailure(verdicts: readonly Verdict[]): ValenceError | undefined {
  const errors = verdicts.map((verdict) => (verdict.kind === 'retryable' ? verdict.error : undefined))
  const [first] = errors
  return first && errors.every((error) => error?.code === first.code) ? first : undefined
}

/** Checks an item by the rules of records, which JSON Schema cannot express: bytes, lone surrogates. */
function readItem(item: string | BatchItem): TextEvent | ValenceError {
  try {
    return textEventJson.parse(typeof item === 'string' ? { text: item } : item)
  } catch (error) {
    if (isValenceError(error)) return error
    throw error
  }
}

function toItem(verdict: Verdict, item: TextEvent | ValenceError) {
  if (verdict.kind === 'scored') {
    // Only texts were given to the scorer.
    return { verdict: verdict.kind, event: toEvent(verdict.sentiment, item as TextEvent, randomUUID()) }
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
      const text = textEventJson.parse(request.body)
      const verdict = await scorer.score(text.text, deadlineOf(request, timeoutMs))
      const event = toEvent(expectScored(verdict), text, randomUUID())
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
      const event = textEventJson.parse({ text: request.query.text })
      const digest = createHash('sha256').update(event.text).digest('base64url').slice(0, 22)
      // Weak, because `scoredAt` differs between equal answers.
      const fingerprint = modelFingerprint()
      const etag = `W/"${fingerprint}-${digest}"`
      reply.header('etag', etag).header('cache-control', cacheControl).header('vary', 'authorization, x-api-key')
      const known = request.headers['if-none-match']
      if (known?.split(',').some((tag) => tag.trim() === etag)) return reply.code(304).send(null)
      const verdict = await scorer.score(event.text, deadlineOf(request, timeoutMs))
      // The model was swapped meanwhile: no ETag, as it could name the wrong one.
      if (modelFingerprint() !== fingerprint) reply.removeHeader('etag').header('cache-control', 'no-store')
      return toEvent(expectScored(verdict), event, digest)
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
      const items = request.body.texts.map(readItem)
      const texts = items.flatMap((item) => (isValenceError(item) ? [] : item.text))
      const scored = (await scorer.scoreAll(texts, deadlineOf(request, timeoutMs))).values()
      const verdicts = items.map((item) => (isValenceError(item) ? failed(item) : (scored.next().value as Verdict)))
      const failure = sharedFailure(verdicts)
      if (failure) throw failure
      const results = verdicts.map((verdict, index) => toItem(verdict, items[index] as TextEvent | ValenceError))
      return reply.header('cache-control', 'no-store').send({ results })
    },
  })
}
