import { metricTree } from '@valence/processor/observability/metric-tree'
import type { DashboardPlan } from './frame.ts'
import { lines } from './panels.ts'
import { gauge, mean, observed, quantile, rate, share } from './queries.ts'

const { pipeline, scoring, inference, breaker, redis } = metricTree

const phases = [
  ['decode', pipeline.decode],
  ['queue', scoring.queue],
  ['tokenize', inference.tokenize],
  ['infer', inference.infer],
  ['encode', pipeline.encode],
  ['commit', pipeline.commit],
] as const

export const pipelineInternals: DashboardPlan = {
  uid: 'valence-pipeline',
  title: 'Valence: pipeline',
  description: 'Time of a text by phase: decode, queue, tokenize, infer, encode, commit',
  reading: `**The phases are in processing order.** A long *queue* with busy workers means too little capacity;
a long *infer* means too little CPU or a larger model; a long *commit* means slow brokers.
Batches closed by *age* are not full, those closed by *tokens* or *texts* are: full batches and a growing queue mean overload.`,
  rows: [
    {
      title: 'Phases',
      panels: [
        lines({
          title: 'P95 by phase',
          about: 'Decode, encode and commit per transaction, tokenize per slice, infer per batch, queue per text.',
          unit: 's',
          queries: phases.map(([legend, phase]) => ({ expr: quantile(0.95, phase), legend })),
        }),
        lines({
          title: 'Mean by phase',
          about: 'Mean values of the same phases.',
          unit: 's',
          queries: phases.map(([legend, phase]) => ({ expr: mean(phase), legend })),
        }),
        lines({
          title: 'Time spent by phase',
          about: 'Seconds per second over all processes: the cost of each phase. Waiting in the queue is not included.',
          unit: 'short',
          queries: phases
            .filter(([legend]) => legend !== 'queue')
            .map(([legend, phase]) => ({ expr: observed(phase), legend })),
          stacked: true,
        }),
        lines({
          title: 'Decoded to scored',
          about: 'Time of the engine for the records of one transaction.',
          unit: 's',
          queries: [0.5, 0.99].map((q) => ({ expr: quantile(q, pipeline.score), legend: `p${q * 100}` })),
        }),
        lines({
          title: 'Records in a transaction',
          about: 'Small transactions mean little traffic, or waiting for single texts.',
          unit: 'short',
          queries: [
            { expr: mean(pipeline.transactionRecords), legend: 'mean' },
            { expr: quantile(0.95, pipeline.transactionRecords), legend: 'p95' },
          ],
        }),
        lines({
          title: 'Partitions standing still',
          about: 'Seconds for which a partition has had records and committed none, by error code; normally empty.',
          unit: 's',
          queries: [
            {
              expr: gauge('max', pipeline.standstill, { by: ['topic', 'partition', 'code'] }),
              legend: '{{topic}}-{{partition}} {{code}}',
            },
          ],
        }),
        lines({
          title: 'Fetched and waiting',
          about: 'Records in memory by partition; at its limit a partition is paused.',
          unit: 'short',
          queries: [
            { expr: gauge('sum', pipeline.queued, { by: ['topic', 'partition'] }), legend: '{{topic}}-{{partition}}' },
          ],
        }),
      ],
    },
    {
      title: 'Batches',
      panels: [
        lines({
          title: 'Batches by closing cause',
          about: 'age: not full. tokens, texts: full. drain: the last batches at a stop.',
          unit: 'cps',
          queries: [{ expr: rate(scoring.batches, { by: ['cause'] }), legend: '{{cause}}' }],
          stacked: true,
        }),
        lines({
          title: 'Texts in a batch',
          about: 'Mean and P95.',
          unit: 'short',
          queries: [
            { expr: mean(scoring.batchTexts), legend: 'mean' },
            { expr: quantile(0.95, scoring.batchTexts), legend: 'p95' },
          ],
        }),
        lines({
          title: 'Tokens in a batch',
          about: 'Padding included; the limit is VALENCE_BATCH_MAX_TOKENS.',
          unit: 'short',
          queries: [
            { expr: mean(scoring.batchTokens), legend: 'mean' },
            { expr: quantile(0.95, scoring.batchTokens), legend: 'p95' },
          ],
        }),
        lines({
          title: 'Padding',
          about: 'Share of padding in the tokens: wasted work.',
          unit: 'percentunit',
          queries: [{ expr: mean(scoring.padding), legend: 'mean' }],
          limits: { warn: 0.3, alarm: 0.5 },
        }),
        lines({
          title: 'Tokens by origin',
          about: 'Share of the inference capacity by origin.',
          unit: 'cps',
          queries: [{ expr: rate(scoring.tokens, { by: ['origin'] }), legend: '{{origin}}' }],
          stacked: true,
        }),
        lines({
          title: 'Bisected batches',
          about: 'A failing batch is halved until the bad text is isolated.',
          unit: 'cps',
          queries: [{ expr: rate(scoring.bisections), legend: 'cuts' }],
        }),
      ],
    },
    {
      title: 'Queue',
      panels: [
        lines({
          title: 'Waiting texts',
          about: 'By origin.',
          unit: 'short',
          queries: [{ expr: gauge('sum', scoring.queueDepth, { by: ['origin'] }), legend: '{{origin}}' }],
        }),
        lines({
          title: 'Wait, P99',
          about: 'Time until the batch of a text starts. A Kafka backlog must not increase the time of http.',
          unit: 's',
          queries: [{ expr: quantile(0.99, scoring.queue, { by: ['origin'] }), legend: '{{origin}}' }],
          limits: { warn: 0.25, alarm: 1 },
        }),
        lines({
          title: 'Dropped and deduplicated',
          about: 'Dropped before inference because no caller waits; deduplicated with an identical text in flight.',
          unit: 'cps',
          queries: [
            { expr: rate(scoring.dropped, { by: ['reason'] }), legend: '{{reason}}' },
            { expr: rate(scoring.deduplicated), legend: 'joined' },
          ],
        }),
      ],
    },
    {
      title: 'Cache, workers and services',
      panels: [
        lines({
          title: 'Cache hits',
          about: 'Share of look-ups by level; shared is Redis.',
          unit: 'percentunit',
          queries: [{ expr: share(scoring.cacheLookups, { outcome: 'hit' }, ['level']), legend: '{{level}}' }],
        }),
        lines({
          title: 'Cache size',
          about: 'In process, by instance.',
          unit: 'bytes',
          queries: [{ expr: gauge('sum', scoring.cacheSize, { by: ['instance'] }), legend: '{{instance}}' }],
        }),
        lines({
          title: 'Redis errors',
          about: 'Each counts as a cache miss, never as an error of a text.',
          unit: 'cps',
          queries: [{ expr: rate(redis.errors), legend: 'errors' }],
        }),
        lines({
          title: 'Inference workers',
          about: 'Alive, by instance.',
          unit: 'short',
          queries: [{ expr: gauge('sum', inference.workers, { by: ['instance'] }), legend: '{{instance}}' }],
        }),
        lines({
          title: 'Workers replaced',
          about: 'By reason. More than a few in a quarter of an hour raises ValenceWorkersFailing.',
          unit: 'cps',
          queries: [{ expr: rate(inference.workerRestarts, { by: ['reason'] }), legend: '{{reason}}' }],
        }),
        lines({
          title: 'Circuit breakers',
          about: '0 closed, 1 half open, 2 open.',
          unit: 'short',
          queries: [
            { expr: gauge('max', breaker.state, { by: ['instance', 'part'] }), legend: '{{part}} {{instance}}' },
            { expr: rate(breaker.failures, { by: ['part'] }), legend: '{{part}} failures/s' },
          ],
          limits: { warn: 1, alarm: 2 },
        }),
      ],
    },
  ],
}
