import { metricTree } from '@valence/processor/observability/metric-tree'
import type { DashboardPlan } from './frame.ts'
import { figure, lines } from './panels.ts'
import { each, gauge, quantile, rate, share } from './queries.ts'

const { pipeline, kafka, scoring, http, scaling, log, process } = metricTree
const quantiles = [0.5, 0.95, 0.99] as const

export const overview: DashboardPlan = {
  uid: 'valence-overview',
  title: 'Valence: overview',
  description: 'Whether texts are being scored, how late, how well, and why not',
  reading: `**Read the top row first.** Green: texts are scored in time. *Late* is the share that took more than 5 s, of which the
objective allows 0.1 %. *Lag* alone says little; *drain* is the time until it is gone at the present rates.
If texts are late, *Pipeline* tells in which phase; if none come out, see the runbook of the alert that fires in \`docs/operations.md\`.
The first row and the lag are of the whole installation; the variables above narrow what is below.`,
  rows: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Texts a second',
          about: 'Records that were scored or dead-lettered in a committed transaction.',
          unit: 'recps',
          queries: [{ expr: rate(pipeline.records) }],
          width: 3,
        }),
        figure({
          title: 'P99 append to commit',
          about: 'One text in a hundred takes longer. Alert ValenceLatencyHigh above 500 ms.',
          unit: 's',
          queries: [{ expr: quantile(0.99, pipeline.endToEnd) }],
          limits: { warn: 0.5, alarm: 5 },
          width: 3,
        }),
        figure({
          title: 'Late, last hour',
          about: 'Share of texts that took more than 5 s; the objective allows 0.1 %.',
          unit: 'percentunit',
          queries: [{ expr: 'valence:slo_late:ratio_rate1h' }],
          limits: { warn: 0.001, alarm: 0.0144 },
          width: 3,
        }),
        figure({
          title: 'Lag',
          about: 'Offsets between the group and the ends of the input topics.',
          unit: 'short',
          queries: [{ expr: 'valence:lag_records:sum' }],
          width: 3,
        }),
        figure({
          title: 'Drain',
          about: 'Until the lag is gone at the present rates; infinite while it grows.',
          unit: 's',
          queries: [{ expr: 'valence:drain_seconds:max' }],
          limits: { warn: 30, alarm: 60 },
          width: 3,
        }),
        figure({
          title: 'Dead letters',
          about: 'Share of records that could not be scored. Alert ValenceDeadLetterRateHigh above 1 %.',
          unit: 'percentunit',
          queries: [{ expr: share(pipeline.records, { outcome: 'rejected' }) }],
          limits: { warn: 0.005, alarm: 0.01 },
          width: 3,
        }),
        figure({
          title: 'HTTP 5xx',
          about: 'Share of requests that failed on our side. Alert ValenceHttpErrorRateHigh above 1 %.',
          unit: 'percentunit',
          queries: [
            { expr: `(${rate(http.requests, { where: { status: /5../ } })} or vector(0)) / ${rate(http.requests)}` },
          ],
          limits: { warn: 0.005, alarm: 0.01 },
          width: 3,
        }),
        figure({
          title: 'Alerts',
          about: 'Alerts that fire, the heartbeat not counted.',
          unit: 'short',
          queries: [{ expr: 'count(ALERTS{alertstate="firing",alertname!="ValenceWatchdog"}) or vector(0)' }],
          limits: { warn: 1, alarm: 3 },
          width: 3,
        }),
      ],
    },
    {
      title: 'Rate',
      panels: [
        lines({
          title: 'Records by outcome',
          about: 'Input records by what became of them.',
          unit: 'recps',
          queries: [{ expr: rate(pipeline.records, { by: ['outcome'] }), legend: '{{outcome}}' }],
          stacked: true,
        }),
        lines({
          title: 'Texts by origin',
          about: 'Texts asked of the engine: from Kafka, from HTTP.',
          unit: 'cps',
          queries: [{ expr: rate(scoring.texts, { by: ['origin'] }), legend: '{{origin}}' }],
          stacked: true,
        }),
        lines({
          title: 'Requests by route',
          about: 'HTTP requests by route.',
          unit: 'reqps',
          queries: [{ expr: rate(http.requests, { by: ['route'] }), legend: '{{route}}' }],
          stacked: true,
        }),
      ],
    },
    {
      title: 'Errors',
      panels: [
        lines({
          title: 'Dead letters by code',
          about: 'What docs/errors.md says of the code tells what to do.',
          unit: 'cps',
          queries: [{ expr: rate(pipeline.deadLetters, { by: ['code'] }), legend: '{{code}}' }],
          width: 6,
        }),
        lines({
          title: 'Batches tried again',
          about: 'By the code of what failed. Nothing is lost by it.',
          unit: 'cps',
          queries: [{ expr: rate(pipeline.retries, { by: ['code'] }), legend: '{{code}}' }],
          width: 6,
        }),
        lines({
          title: 'Refused requests',
          about: 'By code: limits, credentials, forms, overload.',
          unit: 'reqps',
          queries: [{ expr: rate(http.refused, { by: ['code'] }), legend: '{{code}}' }],
          width: 6,
        }),
        lines({
          title: 'Warnings and errors logged',
          about: 'Lines a second; repeats that were held back are not in it.',
          unit: 'cps',
          queries: [
            { expr: rate(log.lines, { by: ['level'], where: { level: /warn|error|fatal/ } }), legend: '{{level}}' },
          ],
          width: 6,
        }),
      ],
    },
    {
      title: 'Latency',
      panels: [
        lines({
          title: 'Append to commit',
          about: 'From the append of a record to the commit of its result. Points are traces.',
          unit: 's',
          queries: quantiles.map((q) => ({
            expr: quantile(q, pipeline.endToEnd),
            legend: `p${q * 100}`,
            exemplars: true,
          })),
          limits: { warn: 0.5, alarm: 5 },
        }),
        lines({
          title: 'Event to commit',
          about: 'From the occurredAt of an event: what came late before Kafka counts too.',
          unit: 's',
          queries: quantiles.map((q) => ({ expr: quantile(q, pipeline.sinceOccurred), legend: `p${q * 100}` })),
        }),
        lines({
          title: 'HTTP, P99 by route',
          about: 'From the headers of a request to the end of its answer; the stream stays open on purpose.',
          unit: 's',
          queries: [{ expr: quantile(0.99, http.duration, { by: ['route'] }), legend: '{{route}}', exemplars: true }],
          limits: { warn: 0.5, alarm: 1 },
        }),
      ],
    },
    {
      title: 'Lag and drain',
      panels: [
        lines({
          title: 'Lag by partition',
          about: 'One line far above the others is a hot or a stuck partition.',
          unit: 'short',
          queries: [{ expr: 'topic_partition:valence_lag_records:max', legend: '{{topic}}-{{partition}}' }],
          width: 6,
        }),
        lines({
          title: 'In and out',
          about: 'Offsets that come and offsets that are committed: apart, the lag changes.',
          unit: 'recps',
          queries: [
            { expr: rate(kafka.arrived), legend: 'come' },
            { expr: rate(kafka.committed), legend: 'committed' },
          ],
          width: 6,
        }),
        lines({
          title: 'Drain against the target',
          about: 'Over the target and growing wakes somebody.',
          unit: 's',
          queries: [
            { expr: 'valence:drain_seconds:max', legend: 'drain' },
            { expr: 'valence:target_seconds:max', legend: 'target' },
          ],
          width: 6,
        }),
        lines({
          title: 'Processors',
          about: 'Wanted by the policy, and members of the group.',
          unit: 'short',
          queries: [
            { expr: gauge('max', scaling.desired), legend: 'wanted' },
            { expr: gauge('max', scaling.replicas), legend: 'there' },
          ],
          width: 6,
        }),
      ],
    },
    {
      title: 'Objective: 99.9 % within 5 s',
      panels: [
        lines({
          title: 'Share of late texts',
          about: 'Burn rates of 14.4 (page), 3 (ticket) and 1 (budget just used up) are 1.44 %, 0.3 % and 0.1 %.',
          unit: 'percentunit',
          queries: ['5m', '1h', '6h', '3d'].map((over) => ({
            expr: `valence:slo_late:ratio_rate${over}`,
            legend: over,
          })),
          limits: { warn: 0.001, alarm: 0.0144 },
          width: 12,
        }),
        lines({
          title: 'Processes',
          about: 'Processes that Prometheus reaches, by job.',
          unit: 'short',
          queries: [{ expr: `count by (job) (${each(process.cpuLimit)})`, legend: '{{job}}' }],
          width: 12,
        }),
      ],
    },
  ],
}
