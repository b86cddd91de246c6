import type { MetricSpec } from '@valence/processor/observability/metric-tree'

/** Process metrics of prom-client that the dashboards use. */
export const runtimeMetrics = {
  cpu: { kind: 'counter', name: 'process_cpu_seconds_total', help: 'CPU time', labels: {} },
  memory: { kind: 'gauge', name: 'process_resident_memory_bytes', help: 'Resident memory', labels: {} },
  openFiles: { kind: 'gauge', name: 'process_open_fds', help: 'Open files', labels: {} },
  startedAt: { kind: 'gauge', name: 'process_start_time_seconds', help: 'Start', labels: {} },
  eventLoopDelayP99: { kind: 'gauge', name: 'nodejs_eventloop_lag_p99_seconds', help: 'Delay', labels: {} },
  heapUsed: { kind: 'gauge', name: 'nodejs_heap_size_used_bytes', help: 'Heap', labels: {} },
  externalMemory: { kind: 'gauge', name: 'nodejs_external_memory_bytes', help: 'Outside the heap', labels: {} },
  garbage: {
    kind: 'histogram',
    name: 'nodejs_gc_duration_seconds',
    help: 'Garbage collections',
    labels: { kind: ['major', 'minor', 'incremental', 'weakcb'] },
  },
} as const satisfies Record<string, MetricSpec>
