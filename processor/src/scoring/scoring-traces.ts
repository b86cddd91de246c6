import { type Link, SpanKind, type Tracer, trace } from '@opentelemetry/api'
import { spanAttributes } from '../observability/span-attributes.ts'
import { spanTime, type TraceContext } from '../observability/trace-context.ts'
import type { BatchFacts, ScoringObserver, TracedText } from './scoring-observer.ts'

/**
 * Records spans of traced texts: tokenize, queue and infer below each text's own span, and one span for the batch, linked
 * with every traced text in it.
 */
export function traceScoring(tracer: Tracer): ScoringObserver {
  function phase(
    name: string,
    { context }: TraceContext,
    startTime: number,
    endTime: number,
    links: Link[] = [],
  ): void {
    tracer.startSpan(name, { startTime, links }, context).end(endTime)
  }

  return {
    tokenizedText(traceContext, elapsedMs) {
      const now = spanTime()
      phase('tokenize', traceContext, now - elapsedMs, now)
    },
    batchStarted(texts, facts) {
      const [first] = texts
      if (!first) return undefined
      const startTime = spanTime()
      for (const { traceContext, waitedMs } of texts) phase('queue', traceContext, startTime - waitedMs, startTime)
      // The batch's span needs a parent that is sampled: the first traced text. The others are linked.
      const batch = tracer.startSpan(
        'infer batch',
        { kind: SpanKind.INTERNAL, startTime, links: texts.flatMap(linkTo), attributes: attributesOf(facts) },
        first.traceContext.context,
      )
      return () => {
        const endTime = spanTime()
        batch.end(endTime)
        for (const { traceContext } of texts)
          phase('infer', traceContext, startTime, endTime, [{ context: batch.spanContext() }])
      }
    },
  }
}

function linkTo({ traceContext }: TracedText): Link[] {
  const context = trace.getSpanContext(traceContext.context)
  return context ? [{ context }] : []
}

function attributesOf({ cause, origin, texts, tokens, paddedTokens }: BatchFacts) {
  return {
    [spanAttributes.batchTexts]: texts,
    [spanAttributes.batchTokens]: tokens,
    [spanAttributes.batchPaddedTokens]: paddedTokens,
    [spanAttributes.batchCause]: cause,
    [spanAttributes.origin]: origin,
  }
}
