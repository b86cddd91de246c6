import { fileURLToPath } from 'node:url'

/** A way that others would score a topic: a program that prints `ready`, works until SIGTERM and prints its cost. */
export interface Contestant {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** Copies that share the partitions, each with its part of the cores. */
  readonly processes: number
  readonly guarantee: 'exactly once' | 'at least once'
}

export interface PeerPlaces {
  /** The Python of the environment that requirements.txt fills. */
  readonly python: string
  /** What model.py wrote. */
  readonly models: string
  readonly cores: number
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** What Python scores with, each on all cores: without Kafka, by bare.py. */
export const bareScorers = [
  'pipeline',
  'pipeline-bf16',
  'onnxruntime',
  'onnxruntime-sorted',
  'fused-sorted',
  'sentence-transformers',
] as const

export function bareCommand({ python, models, cores }: PeerPlaces, scorer: string, texts: string): [string, string[]] {
  return [python, [here('bare.py'), scorer, models, String(cores), texts]]
}

/** Everyone with a topic in and a topic out; one process with all cores, or one a core, whichever serves it better. */
export function contestants({ python, models, cores }: PeerPlaces): Contestant[] {
  const loop = (scorer: string, processes: number, script = 'kafka_loop.py') => ({
    command: [python, here(script), scorer, models, String(Math.max(1, cores / processes))] as const,
    processes,
    guarantee: 'exactly once' as const,
  })
  const transformersJs = (name: string, textsAtATime: number): Contestant => ({
    name,
    command: [process.execPath, here('transformers-js/loop.js'), models, String(textsAtATime)],
    processes: 1,
    guarantee: 'at least once',
  })
  return [
    { name: 'transformers.pipeline + confluent-kafka', ...loop('pipeline', 1) },
    { name: 'transformers.pipeline, bf16 + confluent-kafka', ...loop('pipeline-bf16', 1) },
    { name: 'onnxruntime int8 (the same file) + confluent-kafka', ...loop('onnxruntime', cores) },
    { name: 'onnxruntime int8 (the same file) + Quix Streams', ...loop('onnxruntime', cores, 'quix_loop.py') },
    { name: 'sentence-transformers int8 + confluent-kafka', ...loop('sentence-transformers', 1) },
    transformersJs('transformers.js int8 + kafkajs', 32),
    transformersJs('transformers.js int8 + kafkajs, each message by itself', 1),
  ]
}
