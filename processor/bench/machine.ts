import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus } from 'node:os'
import { kafkaVersionOf } from '../../deploy/local/kafka-version.ts'

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

/** The telling ones of a `/proc/cpuinfo`; none where the system has no such file. */
export function cpuFeatures(cpuinfo: string): string[] {
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? ''
  return flags.split(' ').filter((flag) => telling.test(flag))
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}

export function describeMachine(): Machine {
  const onnxruntime = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    features: cpuFeatures(readCpuInfo()),
    node: process.version,
    onnxruntime: onnxruntime.version,
    kafka: kafkaVersionOf({}),
  }
}
