import { metricTree } from '@valence/processor/observability/metric-tree'
import type { DashboardPlan } from './frame.ts'
import { figure, lines } from './panels.ts'
import { each, gauge, quantile, rate, share } from './queries.ts'

const { pipeline, kafka, scoring, http, scaling, log, process } = metricTree
const quantiles = [0.5, 0.95, 0.99] as const

export const overview: DashboardPlan = {
  uid: 'valence-overview',
  title: 'Valence: overview',
  description: 'Throughput, lateness, errors and their causes',
  reading: `**Read the top row first.** Green: texts are scored in time. *Late* is the share that took more than 5 s, of which the
objective allows 0.1 %. *Lag* alone says little; *drain* is the time until it is 0 at the current rates.
If texts are late, *Pipeline* shows in which phase; if there are no results, see the runbook of the firing alert in \`docs/operations.md\`.
The first row and the lag cover the whole installation; the variables above filter the other panels.`,
  rows: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Texts per second',
          about: 'Records scored or dead-lettered in committed transactions.',
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
          about: 'Share of texts that took more than 5 s; the SLO allows 0.1 %.',
          unit: 'percentunit',
          queries: [{ expr: 'valence:slo_late:ratio_rate1h' }],
          limits: { warn: 0.001, alarm: 0.0144 },
          width: 3,
        }),
        figure({
          title: 'Lag',
          about: 'Offsets between the committed positions of the group and the ends of the input topics.',
          unit: 'short',
          queries: [{ expr: 'valence:lag_records:sum' }],
          width: 3,
        }),
        figure({
          title: 'Drain',
          about: 'Time until the lag is 0 at the current rates; infinite while it grows.',
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
          about: 'Share of requests answered with 5xx. Alert ValenceHttpErrorRateHigh above 1 %.',
          unit: 'percentunit',
          queries: [
            { expr: `(${rate(http.requests, { where: { status: /5../ } })} or vector(0)) / ${rate(http.requests)}` },
          ],
          limits: { warn: 0.005, alarm: 0.01 },
          width: 3,
        }),
        figure({
          title: 'Alerts',
          about: 'Firing alerts, without the heartbeat.',
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
          about: 'Input records: scored, rejected, tombstone.',
          unit: 'recps',
          queries: [{ expr: rate(pipeline.records, { by: ['outcome'] }), legend: '{{outcome}}' }],
          stacked: true,
        }),
        lines({
          title: 'Texts by origin',
          about: 'Texts submitted to the engine, by origin.',
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
          about: 'docs/errors.md has the remedy of each code.',
          unit: 'cps',
          queries: [{ expr: rate(pipeline.deadLetters, { by: ['code'] }), legend: '{{code}}' }],
          width: 6,
        }),
        lines({
          title: 'Retried batches',
          about: 'By error code. No text is lost.',
          unit: 'cps',
          queries: [{ expr: rate(pipeline.retries, { by: ['code'] }), legend: '{{code}}' }],
          width: 6,
        }),
        lines({
          title: 'Refused requests',
          about: 'By error code: limits, credentials, formats, overload.',
          unit: 'reqps',
          queries: [{ expr: rate(http.refused, { by: ['code'] }), legend: '{{code}}' }],
          width: 6,
        }),
        lines({
          title: 'Warnings and errors logged',
          about: 'Lines per second, without suppressed repeats.',
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
          about: 'From the append of a record to the commit of its result. The points link to traces.',
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
          about: 'From the occurredAt of an event to the commit of its result: includes delays before Kafka.',
          unit: 's',
          queries: quantiles.map((q) => ({ expr: quantile(q, pipeline.sinceOccurred), legend: `p${q * 100}` })),
        }),
        lines({
          title: 'HTTP, P99 by route',
          about: 'From the headers of a request to the end of its response; the stream is not included.',
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
          about: 'A line far above the others is a hot or stuck partition.',
          unit: 'short',
          queries: [{ expr: 'topic_partition:valence_lag_records:max', legend: '{{topic}}-{{partition}}' }],
          width: 6,
        }),
        lines({
          title: 'Arrivals and commits',
          about: 'Arriving and committed offsets per second; where they differ, the lag changes.',
          unit: 'recps',
          queries: [
            { expr: rate(kafka.arrived), legend: 'come' },
            { expr: rate(kafka.committed), legend: 'committed' },
          ],
          width: 6,
        }),
        lines({
          title: 'Drain against the target',
          about: 'A drain time over the target with growing lag raises ValenceDrainOverTarget.',
          unit: 's',
          queries: [
            { expr: 'valence:drain_seconds:max', legend: 'drain' },
            { expr: 'valence:target_seconds:max', legend: 'target' },
          ],
          width: 6,
        }),
        lines({
          title: 'Processors',
          about: 'Number needed by the policy, and members of the group.',
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
          about: 'Processes that Prometheus can scrape, by job.',
          unit: 'short',
          queries: [{ expr: `count by (job) (${each(process.cpuLimit)})`, legend: '{{job}}' }],
          width: 12,
        }),
      ],
    },
  ],
}
