import { createRequire } from 'node:module'
import { availableParallelism, cpus } from 'node:os'
import { kafkaVersionOf } from '@valence/deploy/local/kafka-version'
import { readMachine } from '../src/doctor/machine.ts'

/** What a figure was measured on and with. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  /** Of the processor's features those that int8 and bf16 matrices are multiplied with. */
  readonly features: readonly string[]
  readonly node: string
  readonly onnxruntime: string
  readonly kafka: string
}

const telling = /^(avx2|avx_vnni|avx512_vnni|avx512_bf16|amx_\w+|asimddp|i8mm|bf16)$/

/** Those that matrices are multiplied with. */
export function tellingOf(flags: Iterable<string>): string[] {
  return [...flags].filter((flag) => telling.test(flag))
}

export async function describeMachine(): Promise<Machine> {
  const onnxruntime = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    features: tellingOf((await readMachine()).cpuFlags ?? []),
    node: process.version,
    onnxruntime: onnxruntime.version,
    kafka: kafkaVersionOf({}),
  }
}
