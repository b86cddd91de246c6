import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { FakeBackend } from '@valence/testing/models/fake-backend'
import { fakeModel } from '@valence/testing/models/fake-model'
import { SpanCollector } from '@valence/testing/telemetry/span-collector'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ActiveModel } from '../../../src/model/active-model.ts'
import type { TraceContext } from '../../../src/observability/trace-context.ts'
import { createScorer } from '../../../src/scoring/create-scorer.ts'
import { traceScoring } from '../../../src/scoring/scoring-traces.ts'

let collector: SpanCollector
beforeEach(() => {
  collector = new SpanCollector()
})
afterEach(() => collector[Symbol.dispose]())

function trailNamed(name: string): TraceContext {
  const span = collector.tracer.startSpan(name, {}, ROOT_CONTEXT)
  span.end()
  return { context: trace.setSpan(ROOT_CONTEXT, span), ...span.spanContext() }
}

function setup() {
  const models = new ActiveModel(fakeModel(new FakeBackend()))
  return createScorer(models, { limits: { maxAgeMs: 0 }, observer: traceScoring(collector.tracer) })
}

it('shows the phases of each traced text below its own span', async () => {
  const traceContext = trailNamed('record')
  await setup().scoreAll(['good', 'bad'], {
    origin: 'kafka',
    traceContextOf: (index) => (index === 1 ? traceContext : undefined),
  })
  for (const name of ['tokenize', 'queue', 'infer']) {
    expect(collector.named(name).parentSpanContext?.spanId, name).toBe(traceContext.spanId)
  }
})

it('shows one batch, linked to every traced text in it and from it', async () => {
  const traceContexts = ['a', 'b', 'c'].map(trailNamed)
  await setup().scoreAll(['good', 'bad', 'great'], { origin: 'kafka', traceContextOf: (index) => traceContexts[index] })
  const batch = collector.named('infer batch')
  expect(batch.links.map(({ context }) => context.spanId).sort()).toEqual(
    traceContexts.map(({ spanId }) => spanId).sort(),
  )
  expect(batch.attributes).toMatchObject({
    'valence.batch.texts': 3,
    'valence.origin': 'kafka',
    'valence.batch.cause': 'age',
  })
  const infers = collector.spans.filter(({ name }) => name === 'infer')
  expect(infers.map(({ links }) => links[0]?.context.spanId)).toEqual(Array(3).fill(batch.spanContext().spanId))
  expect(new Set(infers.map((span) => span.spanContext().traceId)).size).toBe(3)
})

it('makes no span where no text is traced', async () => {
  await setup().scoreAll(['good', 'bad'], { origin: 'kafka' })
  expect(collector.spans).toEqual([])
})
