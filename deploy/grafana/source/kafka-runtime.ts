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
replaced, or two share an instance id. Every rebalance stops the moving partitions for the time shown in *Rebalance pause*.
A processor that works off a lag uses all its CPU; its event-loop delay must stay low, because inference runs on other threads.`,
  rows: [
    {
      title: 'Transactions and rebalances',
      panels: [
        lines({
          title: 'Transactions',
          about: 'More than 1 % aborted or fenced raises ValenceTransactionsFailing.',
          unit: 'cps',
          queries: [{ expr: rate(kafka.transactions, { by: ['outcome'] }), legend: '{{outcome}}' }],
          width: 6,
        }),
        lines({
          title: 'Commit',
          about: 'Time to publish and commit one transaction: brokers and network.',
          unit: 's',
          queries: [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, pipeline.commit), legend: `p${q * 100}` })),
          width: 6,
        }),
        lines({
          title: 'Rebalances and partition take-overs',
          about: 'Group generations joined and partitions taken over, per second.',
          unit: 'cps',
          queries: [
            { expr: rate(kafka.rebalances), legend: 'rebalances' },
            { expr: observations(kafka.takeovers), legend: 'partitions taken over' },
          ],
          width: 6,
        }),
        lines({
          title: 'Rebalance pause',
          about: 'P95 of a rebalance until this member has joined again, and of taking over one partition.',
          unit: 's',
          queries: [
            { expr: quantile(0.95, kafka.rebalancePauses), legend: 'rebalance' },
            { expr: quantile(0.95, kafka.takeovers), legend: 'take over a partition' },
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
          about: 'The partitions should be evenly distributed.',
          unit: 'short',
          queries: [{ expr: gauge('sum', kafka.partitions, { by: ['instance'] }), legend: '{{instance}}' }],
          width: 6,
        }),
        lines({
          title: 'Arrivals',
          about: 'Offsets per second by partition; a partition far above the others is hot.',
          unit: 'recps',
          queries: [{ expr: rate(kafka.arrived, partition), legend: '{{topic}}-{{partition}}' }],
          width: 6,
        }),
        lines({
          title: 'Committed',
          about: 'Offsets per second by partition.',
          unit: 'recps',
          queries: [{ expr: rate(kafka.committed, partition), legend: '{{topic}}-{{partition}}' }],
          width: 6,
        }),
        lines({
          title: 'Drain by partition',
          about: 'Reported by each processor for its partitions; infinite while the lag does not shrink.',
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
          about: 'Processors that the load needs before limits and steps, and the resulting count.',
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
          about: 'Records per second of one processor, as measured.',
          unit: 'recps',
          queries: [{ expr: gauge('max', scaling.capacity), legend: 'one processor' }],
          width: 6,
        }),
        lines({
          title: 'Decisions',
          about: 'Queries of the group by outcome.',
          unit: 'cps',
          queries: [{ expr: rate(scaling.decisions, { by: ['reason'] }), legend: '{{reason}}' }],
          width: 6,
        }),
        lines({
          title: 'Arrivals and commits of the group',
          about: 'Arriving and committed records per second, reported by the lag service.',
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
          about: 'Share of the CPU limit of each process. Above 80 % for five minutes raises ValenceCpuHigh.',
          unit: 'percentunit',
          queries: [
            { expr: ofLimit(rateOfEach(runtimeMetrics.cpu), process.cpuLimit), legend: '{{job}} {{instance}}' },
          ],
          limits: { warn: 0.8, alarm: 0.95 },
          width: 6,
        }),
        lines({
          title: 'Memory',
          about: 'Share of the memory limit of each process. Above 90 % raises ValenceMemoryHigh.',
          unit: 'percentunit',
          queries: [
            { expr: ofLimit(each(runtimeMetrics.memory), process.memoryLimit), legend: '{{job}} {{instance}}' },
          ],
          limits: { warn: 0.8, alarm: 0.9 },
          width: 6,
        }),
        lines({
          title: 'Heap and external memory',
          about: 'Used JavaScript heap, and buffers outside it; the model is in neither.',
          unit: 'bytes',
          queries: [
            { expr: each(runtimeMetrics.heapUsed), legend: 'heap {{instance}}' },
            { expr: each(runtimeMetrics.externalMemory), legend: 'external {{instance}}' },
          ],
          width: 6,
        }),
        lines({
          title: 'Event-loop delay, P99',
          about: 'Between two scrapes. Inference runs on separate threads and must not show here.',
          unit: 's',
          queries: [{ expr: each(runtimeMetrics.eventLoopDelayP99), legend: '{{job}} {{instance}}' }],
          limits: { warn: 0.05, alarm: 0.2 },
          width: 6,
        }),
        lines({
          title: 'Garbage collection',
          about: 'Share of time by kind of collection.',
          unit: 'percentunit',
          queries: [{ expr: observed(runtimeMetrics.garbage, { by: ['kind'] }), legend: '{{kind}}' }],
          width: 6,
        }),
        lines({
          title: 'Open files',
          about: 'File descriptors, sockets included.',
          unit: 'short',
          queries: [{ expr: each(runtimeMetrics.openFiles), legend: '{{job}} {{instance}}' }],
          width: 6,
        }),
        lines({
          title: 'Uptime',
          about: 'Time since the start; a sawtooth means a process that restarts repeatedly.',
          unit: 's',
          queries: [{ expr: `time() - ${each(runtimeMetrics.startedAt)}`, legend: '{{job}} {{instance}}' }],
          width: 6,
        }),
        lines({
          title: 'Log lines',
          about: 'By level, and suppressed repeats.',
          unit: 'cps',
          queries: [
            { expr: rate(log.lines, { by: ['level'] }), legend: '{{level}}' },
            { expr: rate(log.suppressed), legend: 'suppressed' },
          ],
          width: 6,
        }),
      ],
    },
    {
      title: 'Facade',
      panels: [
        lines({
          title: 'Connections and texts in flight',
          about: 'Open connections, clients of the stream, texts in flight.',
          unit: 'short',
          queries: [
            { expr: gauge('sum', http.connections), legend: 'connections' },
            { expr: gauge('sum', http.streams), legend: 'streams' },
            { expr: gauge('sum', http.inFlight), legend: 'texts in flight' },
          ],
          width: 6,
        }),
        lines({
          title: 'Stream and texts accepted',
          about: 'Events sent to clients, dropped streams, texts produced to Kafka.',
          unit: 'cps',
          queries: [
            { expr: rate(http.streamEvents), legend: 'events' },
            { expr: rate(http.streamsDropped, { by: ['reason'] }), legend: 'dropped: {{reason}}' },
            { expr: rate(http.textsAccepted), legend: 'accepted' },
          ],
          width: 6,
        }),
        lines({
          title: 'Redis fallbacks and unreadable requests',
          about:
            'Decisions made per replica because Redis was unreachable; connections closed because of an unreadable request.',
          unit: 'cps',
          queries: [
            { expr: rate(http.limiterFallbacks), legend: 'limits' },
            { expr: rate(http.revocationsUnchecked), legend: 'revocations unchecked' },
            { expr: rate(http.idempotencyFallbacks), legend: 'idempotency' },
            { expr: rate(http.clientErrors, { by: ['code'] }), legend: '{{code}}' },
          ],
          width: 6,
        }),
        lines({
          title: 'Certificate',
          about: 'Time until it expires. Less than two weeks raises ValenceCertificateExpiring. Empty without TLS.',
          unit: 's',
          queries: [{ expr: `(${each(http.certificateExpiry)} > 0) - time()`, legend: '{{instance}}' }],
          limits: { warn: 1_209_600, alarm: 172_800 },
          width: 6,
        }),
      ],
    },
  ],
}
