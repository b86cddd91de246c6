import { metricTree } from '@valence/processor/observability/metric-tree'
import type { DashboardPlan } from './frame.ts'
import { lines } from './panels.ts'
import { each, gauge, observations, observed, ofLimit, quantile, rate, rateOfEach } from './queries.ts'
import { runtimeMetrics } from './runtime-metrics.ts'

const { kafka, pipeline, scaling, http, log, process } = metricTree
const partition = { by: ['topic', 'partition'] } as const

export const kafkaAndRuntime: DashboardPlan = {
  uid: 'valence-kafka-runtime',
  title: 'Valence: Kafka and runtime',
  description: 'Transactions, rebalances, partitions and scaling; CPU, memory and event loop of every process',
  reading: `**Aborted transactions cost work, not texts.** *Fenced* ones mean that two processes took the same partition: one of them was
replaced, or two share an instance id. Every rebalance stops the partitions that move for as long as *Pause* says.
A processor that catches up uses all its CPU on purpose; its event loop must stay quick all the same, because inference is not on it.`,
  rows: [
    {
      title: 'Transactions and rebalances',
      panels: [
        lines({
          title: 'Transactions',
          about: 'More than 1 % that are not committed raises ValenceTransactionsFailing.',
          unit: 'cps',
          queries: [{ expr: rate(kafka.transactions, { by: ['outcome'] }), legend: '{{outcome}}' }],
          width: 6,
        }),
        lines({
          title: 'Commit',
          about: 'To publish and commit one transaction: the brokers and the way to them.',
          unit: 's',
          queries: [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, pipeline.commit), legend: `p${q * 100}` })),
          width: 6,
        }),
        lines({
          title: 'Rebalances and partitions taken',
          about: 'Generations joined and partitions taken, a second.',
          unit: 'cps',
          queries: [
            { expr: rate(kafka.rebalances), legend: 'rebalances' },
            { expr: observations(kafka.takeovers), legend: 'partitions taken' },
          ],
          width: 6,
        }),
        lines({
          title: 'Pause',
          about: 'P95 of a rebalance until this member had joined again, and of taking one partition.',
          unit: 's',
          queries: [
            { expr: quantile(0.95, kafka.rebalancePauses), legend: 'rebalance' },
            { expr: quantile(0.95, kafka.takeovers), legend: 'take a partition' },
          ],
          width: 6,
        }),
      ],
    },
    {
      title: 'Partitions',
      panels: [
        lines({
          title: 'Partitions by processor',
          about: 'Even is good.',
          unit: 'short',
          queries: [{ expr: gauge('sum', kafka.partitions, { by: ['instance'] }), legend: '{{instance}}' }],
          width: 6,
        }),
        lines({
          title: 'Come',
          about: 'Offsets a second by partition; one far above the others is hot.',
          unit: 'recps',
          queries: [{ expr: rate(kafka.arrived, partition), legend: '{{topic}}-{{partition}}' }],
          width: 6,
        }),
        lines({
          title: 'Committed',
          about: 'Offsets a second by partition.',
          unit: 'recps',
          queries: [{ expr: rate(kafka.committed, partition), legend: '{{topic}}-{{partition}}' }],
          width: 6,
        }),
        lines({
          title: 'Drain by partition',
          about: 'As each processor sees its own; infinite where the lag does not shrink.',
          unit: 's',
          queries: [{ expr: gauge('max', kafka.drain, partition), legend: '{{topic}}-{{partition}}' }],
          width: 6,
        }),
      ],
    },
    {
      title: 'Scaling',
      panels: [
        lines({
          title: 'Demand',
          about: 'Processors that the load asks for before limits and steps, and what is wanted in the end.',
          unit: 'short',
          queries: [
            { expr: gauge('max', scaling.demand), legend: 'demand' },
            { expr: gauge('max', scaling.desired), legend: 'wanted' },
            { expr: gauge('max', scaling.hot), legend: 'hot partitions' },
          ],
          width: 6,
        }),
        lines({
          title: 'Capacity',
          about: 'Records a second that one processor does, as learnt.',
          unit: 'recps',
          queries: [{ expr: gauge('max', scaling.capacity), legend: 'one processor' }],
          width: 6,
        }),
        lines({
          title: 'Decisions',
          about: 'Looks at the group by what came of them.',
          unit: 'cps',
          queries: [{ expr: rate(scaling.decisions, { by: ['reason'] }), legend: '{{reason}}' }],
          width: 6,
        }),
        lines({
          title: 'As the group is seen from outside',
          about: 'Records that come and that the group commits, by the lag service.',
          unit: 'recps',
          queries: [
            { expr: gauge('sum', scaling.arrivals), legend: 'come' },
            { expr: gauge('sum', scaling.done), legend: 'committed' },
          ],
          width: 6,
        }),
      ],
    },
    {
      title: 'Processes',
      panels: [
        lines({
          title: 'CPU',
          about: 'Of what each process may use. Above 80 % for five minutes raises ValenceCpuHigh.',
          unit: 'percentunit',
          queries: [
            { expr: ofLimit(rateOfEach(runtimeMetrics.cpu), process.cpuLimit), legend: '{{job}} {{instance}}' },
          ],
          limits: { warn: 0.8, alarm: 0.95 },
          width: 6,
        }),
        lines({
          title: 'Memory',
          about: 'Of what each process may use. Above 90 % raises ValenceMemoryHigh.',
          unit: 'percentunit',
          queries: [
            { expr: ofLimit(each(runtimeMetrics.memory), process.memoryLimit), legend: '{{job}} {{instance}}' },
          ],
          limits: { warn: 0.8, alarm: 0.9 },
          width: 6,
        }),
        lines({
          title: 'Heap and what lies outside it',
          about: 'Used heap of JavaScript, and buffers; the model is in neither.',
          unit: 'bytes',
          queries: [
            { expr: each(runtimeMetrics.heapUsed), legend: 'heap {{instance}}' },
            { expr: each(runtimeMetrics.externalMemory), legend: 'outside {{instance}}' },
          ],
          width: 6,
        }),
        lines({
          title: 'Event-loop delay, P99',
          about: 'Between two scrapes. Inference is on threads of its own and must not show here.',
          unit: 's',
          queries: [{ expr: each(runtimeMetrics.eventLoopDelayP99), legend: '{{job}} {{instance}}' }],
          limits: { warn: 0.05, alarm: 0.2 },
          width: 6,
        }),
        lines({
          title: 'Garbage collection',
          about: 'Share of time by kind.',
          unit: 'percentunit',
          queries: [{ expr: observed(runtimeMetrics.garbage, { by: ['kind'] }), legend: '{{kind}}' }],
          width: 6,
        }),
        lines({
          title: 'Open files',
          about: 'Sockets too.',
          unit: 'short',
          queries: [{ expr: each(runtimeMetrics.openFiles), legend: '{{job}} {{instance}}' }],
          width: 6,
        }),
        lines({
          title: 'Age',
          about: 'Time since the start; a saw is a process that keeps ending.',
          unit: 's',
          queries: [{ expr: `time() - ${each(runtimeMetrics.startedAt)}`, legend: '{{job}} {{instance}}' }],
          width: 6,
        }),
        lines({
          title: 'Log lines',
          about: 'By level, and repeats that were held back.',
          unit: 'cps',
          queries: [
            { expr: rate(log.lines, { by: ['level'] }), legend: '{{level}}' },
            { expr: rate(log.suppressed), legend: 'held back' },
          ],
          width: 6,
        }),
      ],
    },
    {
      title: 'Facade',
      panels: [
        lines({
          title: 'Connections and work',
          about: 'Open connections, clients of the stream, texts in work.',
          unit: 'short',
          queries: [
            { expr: gauge('sum', http.connections), legend: 'connections' },
            { expr: gauge('sum', http.streams), legend: 'streams' },
            { expr: gauge('sum', http.inFlight), legend: 'texts in work' },
          ],
          width: 6,
        }),
        lines({
          title: 'Stream and texts accepted',
          about: 'Events sent to clients, streams that were ended, texts put on Kafka.',
          unit: 'cps',
          queries: [
            { expr: rate(http.streamEvents), legend: 'events' },
            { expr: rate(http.streamsDropped, { by: ['reason'] }), legend: 'ended: {{reason}}' },
            { expr: rate(http.textsAccepted), legend: 'accepted' },
          ],
          width: 6,
        }),
        lines({
          title: 'Without Redis, and unreadable',
          about:
            'Decisions that each replica took alone because Redis was away; connections without a readable request.',
          unit: 'cps',
          queries: [
            { expr: rate(http.limiterFallbacks), legend: 'limits' },
            { expr: rate(http.revocationsUnchecked), legend: 'revocations not asked' },
            { expr: rate(http.idempotencyFallbacks), legend: 'idempotency' },
            { expr: rate(http.clientErrors, { by: ['code'] }), legend: '{{code}}' },
          ],
          width: 6,
        }),
        lines({
          title: 'Certificate',
          about: 'Time until it ends. Less than a fortnight raises ValenceCertificateExpiring. Empty without TLS.',
          unit: 's',
          queries: [{ expr: `(${each(http.certificateExpiry)} > 0) - time()`, legend: '{{instance}}' }],
          limits: { warn: 1_209_600, alarm: 172_800 },
          width: 6,
        }),
      ],
    },
  ],
}
