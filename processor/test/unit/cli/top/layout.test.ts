import { ValenceError } from '@valence/schemas'
import { OutputProbe } from '@valence/testing/processes/cli-run'
import { describe, expect, it } from 'vitest'
import type { Output } from '../../../../src/cli/context.ts'
import { layoutTop } from '../../../../src/cli/top/layout.ts'
import type { TopicPartition } from '../../../../src/kafka/topic-partition.ts'
import { reportLag } from '../../../../src/monitoring/drain-time.ts'
import { Interval } from '../../../../src/monitoring/interval.ts'
import { MetricSamples } from '../../../../src/monitoring/metric-samples.ts'
import { reportAll, reportProcess } from '../../../../src/monitoring/process-report.ts'
import type { TopReport } from '../../../../src/monitoring/top-watch.ts'
import { createMetrics, observeTraced } from '../../../../src/observability/metrics.ts'

const at = Date.parse('2026-11-25T10:00:02Z')

/** A group that did `done` records on each partition in two seconds, with the lags given. */
function groupOf(
  lags: readonly number[],
  done = 20,
  topic = 'sentiment.texts.v1',
  leaderless: readonly TopicPartition[] = [],
) {
  const snapshot = (time: number, doneUntil: number) => ({
    groupId: 'valence',
    state: 'Stable',
    at: time,
    members: 2,
    leaderless,
    partitions: lags.map((lag, partition) => ({
      topic,
      partition,
      committed: BigInt(doneUntil),
      end: BigInt(done + lag),
      lag: BigInt(done + lag - doneUntil),
      owner: `vm-${partition % 2}`,
    })),
  })
  return {
    groupId: 'valence',
    members: 2,
    error: undefined,
    lag: reportLag(snapshot(at - 2_000, 0), snapshot(at, done)),
  }
}

/** Two seconds of a processor that scored 40 texts in four batches, half of them known already. */
async function busyInterval(): Promise<Interval> {
  const { registry, pipeline, scoring, breaker } = createMetrics()
  const before = new MetricSamples(await registry.metrics())
  scoring.texts.inc({ origin: 'kafka', verdict: 'scored' }, 40)
  for (let text = 0; text < 40; text += 1) observeTraced(pipeline.endToEnd, {}, text < 38 ? 0.08 : 0.4, undefined)
  for (let batch = 0; batch < 4; batch += 1) scoring.batchTexts.observe(10)
  scoring.cacheLookups.inc({ level: 'memory', outcome: 'hit' }, 20)
  scoring.cacheLookups.inc({ level: 'memory', outcome: 'miss' }, 20)
  pipeline.deadLetters.inc({ code: 'VAL_TEXT_EMPTY' }, 6)
  pipeline.queued.set({ topic: 't', partition: '0' }, 33)
  breaker.state.set({ part: 'redis' }, 2)
  return new Interval(before, new MetricSamples(await registry.metrics()), 2)
}

async function topOf(changes: Partial<TopReport> = {}): Promise<TopReport> {
  const interval = await busyInterval()
  const processes = [{ admin: 'localhost:9464', report: reportProcess(interval), error: undefined }]
  return { at, group: groupOf([0, 100]), processes, total: reportAll([interval]), ...changes }
}

const draw = (report: TopReport, columns = 80, rows = 24) =>
  layoutTop(new OutputProbe() as unknown as Output, report, { columns, rows })

describe('valence top', () => {
  it('shows group, process, errors and partitions at 80 columns', async () => {
    expect(draw(await topOf())).toEqual([
      '10:00:02  group valence  Stable  2 members',
      'lag 100  in 0/s  done 20.0/s  drained in 5 s',
      'texts 20.0/s  p50 76 ms  p99 450 ms',
      '',
      'PROCESS         TEXTS/s    P50     P99  QUEUED  BATCH  PAD  CACHE  CPU  MiB',
      'localhost:9464     20.0  76 ms  450 ms      33   10.0    -   50 %  0 %    0',
      '',
      'dead letters VAL_TEXT_EMPTY: 3.0/s, 6 since the start',
      'circuit breakers not closed: redis',
      '',
      'TOPIC               PART  LAG  IN/s  DONE/s  DRAINED IN  OWNER',
      'sentiment.texts.v1     0    0     0    10.0         0 s  vm-0',
      'sentiment.texts.v1     1  100     0    10.0        10 s  vm-1',
    ])
  })

  it('names the partitions that nobody leads, whose lag is in no sum', async () => {
    const topic = 'sentiment.texts.v1'
    const leaderless = [4, 5, 6, 7, 8, 9].map((partition) => ({ topic, partition }))
    const shown = (count: number) => topOf({ group: groupOf([0, 100], 20, topic, leaderless.slice(0, count)) })
    expect(draw(await shown(2))[2]).toBe(`without a leader: ${topic}-4, ${topic}-5`)
    expect(draw(await shown(6), 200)[2]).toMatch(/^without a leader: .*-4, .*-5, .*-6, .*-7 and 2 more$/)
    // Of a group of which nobody leads any partition, too.
    expect(draw(await topOf({ group: groupOf([], 20, topic, leaderless.slice(0, 1)) }))[2]).toContain(
      'without a leader',
    )
  })

  it('says that nothing is wrong', async () => {
    const quiet = new Interval(new MetricSamples(''), new MetricSamples(''), 2)
    expect(draw(await topOf({ total: reportAll([quiet]) }))).toContain('no errors')
  })

  it.each([20, 40, 60, 80, 120])('has no line longer than %d columns', async (columns) => {
    const error = new ValenceError('VAL_KAFKA_UNREACHABLE', 'Failed to find group coordinator for a very long time')
    const group = { ...groupOf(Array(200).fill(5)), error }
    const away = { admin: 'a-host-with-a-long-name.example.com:9464', report: undefined, error: 'ECONNREFUSED' }
    const report = await topOf({ group, processes: [...(await topOf()).processes, away] })
    for (const line of draw(report, columns)) expect(line.length).toBeLessThanOrEqual(columns)
  })

  it('shows the worst of 200 partitions and counts the rest', async () => {
    const lags = Array.from({ length: 200 }, (_, partition) => (partition === 150 ? 5_000 : partition))
    const lines = draw(await topOf({ group: groupOf(lags) }), 80, 24)
    expect(lines).toHaveLength(24)
    expect(lines[11]).toMatch(/ 150 +5000 /)
    expect(lines[12]).toMatch(/ 199 +199 /)
    // 200 × 199 / 2 − 150, less what the eleven other lines show.
    const shown = [...Array(11).keys()].reduce((sum, index) => sum + 199 - index, 0)
    expect(lines.at(-1)).toBe(`… 188 more, lag ${19_900 - 150 - shown} in all`)
  })

  it('puts what never drains before what has more lag', async () => {
    const group = groupOf([5_000, 10, ...Array(30).fill(0)])
    const [first, second, ...others] = group.lag.partitions
    if (!first || !second) throw new Error('two partitions are missing')
    const stuck = { ...second, secondsToDrain: null, donePerSecond: 0 }
    const lines = draw(
      await topOf({ group: { ...group, lag: { ...group.lag, partitions: [first, stuck, ...others] } } }),
    )
    expect(lines[11]).toMatch(/ 1 +10 +0 +0 +never /)
  })

  it('keeps showing what is known while the brokers are away, and how old it is', async () => {
    const error = new ValenceError('VAL_KAFKA_UNREACHABLE', 'connect ECONNREFUSED')
    const lines = draw(await topOf({ at: at + 30_000, group: { ...groupOf([0, 100]), error } }))
    expect(lines[1]).toContain('no answer, asking again: VAL_KAFKA_UNREACHABLE')
    expect(lines[2]).toContain('lag 100')
    expect(lines[2]).toContain('as of 30 s ago')
    expect(lines.at(-1)).toMatch(/^sentiment.texts.v1 /)
  })

  it('says that it waits before anybody has answered', () => {
    const group = { groupId: 'valence', members: 0, lag: undefined, error: undefined }
    expect(draw({ at, group, processes: [], total: undefined })[1]).toBe('asking the brokers')
  })

  it('names the processes that do not answer, and counts those there is no room for', async () => {
    const [busy] = (await topOf()).processes
    const away = { admin: 'b:1', report: undefined, error: 'ECONNREFUSED' }
    const many = Array.from({ length: 40 }, (_, index) => ({ ...busy, admin: `p${index}:1` })) as TopReport['processes']
    const lines = draw(await topOf({ processes: [...many, away] }))
    expect(lines).toContain('b:1: ECONNREFUSED')
    expect(lines.find((line) => line.startsWith('… '))).toBe('… 35 more')
  })

  it('keeps the names that others chose from steering the terminal', async () => {
    const group = groupOf([1])
    const hostile = group.lag.partitions.map((own) => ({ ...own, owner: 'x\u001b]0;title\u0007' }))
    const lines = draw(await topOf({ group: { ...group, lag: { ...group.lag, partitions: hostile } } }))
    expect(lines.join('\n')).not.toContain('\u001b')
  })
})
