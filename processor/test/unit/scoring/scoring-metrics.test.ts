import { FakeBackend } from '@valence/testing/models/fake-backend'
import { fakeModel } from '@valence/testing/models/fake-model'
import { expect, test } from 'vitest'
import { ActiveModel } from '../../../src/model/active-model.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { MemoryCache } from '../../../src/scoring/caching/memory-cache.ts'
import { createScorer } from '../../../src/scoring/create-scorer.ts'
import { meterScoring } from '../../../src/scoring/scoring-metrics.ts'

test('what the scorer does is counted', async () => {
  const metrics = createMetrics()
  const memory = new MemoryCache(100_000)
  const scorer = createScorer(new ActiveModel(fakeModel(new FakeBackend())), {
    limits: { maxAgeMs: 0 },
    memory,
    observer: meterScoring(metrics, memory),
  })
  await scorer.scoreAll(['good', 'good', 'bad', 'poison', ''], { origin: 'kafka' })
  await scorer.score('good', { origin: 'http' })
  await scorer.score('great', { origin: 'http' })
  const text = await metrics.registry.metrics()
  const expected = [
    'valence_scoring_texts_total{origin="kafka",verdict="scored"} 3',
    'valence_scoring_texts_total{origin="kafka",verdict="rejected"} 2',
    'valence_scoring_texts_total{origin="http",verdict="scored"} 2',
    'valence_scoring_deduplicated_total 1',
    'valence_scoring_batches_total{cause="age"} 2',
    'valence_scoring_batch_texts_sum 4',
    'valence_scoring_batch_tokens_sum 12',
    'valence_scoring_bisections_total 2',
    'valence_scoring_cache_lookups_total{level="memory",outcome="hit"} 1',
    'valence_scoring_queue_seconds_count{origin="kafka"} 4',
    'valence_inference_tokenize_seconds_count 2',
    'valence_scoring_tokens_total{origin="kafka"} 9',
    'valence_model_labels_total{source="none",label="positive"} 2',
    'valence_model_info{name="tiny",version="1",sha256="abcdefabcdef"} 1',
  ]
  expect(memory.bytes).toBeGreaterThan(0)
  expect(text).toMatch(/^valence_scoring_cache_bytes [1-9]/m)
  expect(text.split('\n')).toEqual(expect.arrayContaining(expected))
})
