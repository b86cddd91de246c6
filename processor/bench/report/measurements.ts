import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Machine } from '../machine.ts'
import type { LengthStep } from '../token-lengths.ts'

/** One contestant: median rate and cost over the rounds, and the slowest and fastest round. */
export interface Measured {
  readonly name: string
  readonly textsPerSecond: number
  readonly cpuPerThousand: number
  readonly spread?: readonly number[]
}

interface Run {
  readonly date: string
  readonly texts: number
  readonly rounds: number
  readonly results: readonly Measured[]
  readonly agreement?: Readonly<Record<string, number>>
}

/** What the benchmarks wrote; a file that was never written is absent. */
export interface Measurements {
  readonly bench: {
    readonly date: string
    readonly machine: Machine
    readonly texts: number
    readonly tokensPerText: number
    readonly tokens: readonly LengthStep[]
    readonly workers: number
    readonly rounds: number
    readonly ceiling: { readonly textsPerSecond: number; readonly cpuPerThousand: number }
    readonly engine: { readonly overhead: number; readonly padding: number }
    readonly processor: {
      readonly textsPerSecond: number
      readonly cpuPerThousand: number
      readonly overhead: number
      readonly eventLoopDelayP99Ms: number
      readonly rssMiB: number
    }
  }
  readonly peers?: Readonly<Partial<Record<'bare' | 'kafka' | 'http', Run>>>
  readonly variants?: Omit<Run, 'agreement'>
  readonly cascade?: {
    readonly date: string
    readonly ratio: number
    readonly full: Readonly<Record<string, number>>
    readonly curve: readonly {
      readonly threshold: number
      readonly referred: number
      readonly speedup: number
      readonly macroRecall: Readonly<Record<string, number>>
    }[]
  }
  readonly shapes?: {
    readonly date: string
    readonly rows: readonly {
      readonly name: string
      readonly texts: number
      readonly tokensPerText: number
      readonly textsPerSecond: number
      readonly cpuPerThousand: number
      readonly rssMiB: number
    }[]
  }
  readonly cached?: {
    readonly date: string
    readonly batchTexts: number
    readonly single: { readonly requestsPerSecond: number; readonly rounds: readonly number[] }
    readonly batch: { readonly textsPerSecond: number; readonly rounds: readonly number[] }
  }
  readonly start?: {
    readonly date: string
    readonly rows: readonly { readonly name: string; readonly medianMs: number; readonly ms: readonly number[] }[]
  }
  readonly latency?: {
    readonly date: string
    readonly capacity: number
    readonly rows: readonly {
      readonly share: number
      readonly textsPerSecond: number
      readonly texts: number
      readonly p50: number
      readonly p99: number
      readonly max: number
      readonly fromAppend: { readonly p50: number; readonly p99: number; readonly max: number }
    }[]
  }
}

function read(name: string) {
  const path = fileURLToPath(new URL(`../../../docs/lab/${name}.json`, import.meta.url))
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

export function readMeasurements(): Measurements {
  return {
    bench: read('benchmarks'),
    peers: read('benchmarks-peers'),
    variants: read('benchmarks-variants'),
    cascade: read('benchmarks-cascade'),
    shapes: read('benchmarks-shapes'),
    cached: read('benchmarks-cached'),
    start: read('benchmarks-start'),
    latency: read('benchmarks-latency'),
  }
}
