import { readFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import type { Finding } from './finding.ts'

const area = 'machine'

/** Properties of the host that `doctor` checks. */
export interface Machine {
  /** Without the leading `v`. */
  readonly node: string
  readonly platform: string
  readonly arch: string
  readonly cores: number
  readonly memoryBytes: number
  /** Undefined if the system does not report it. */
  readonly cpuFlags: ReadonlySet<string> | undefined
}

/** Reads the properties of the host of this process. */
export async function readMachine(): Promise<Machine> {
  return {
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    cpuFlags: await readCpuFlags(),
  }
}

async function readCpuFlags(): Promise<ReadonlySet<string> | undefined> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '')
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]
  return line === undefined ? undefined : new Set(line.split(' '))
}

/** Reports the Node.js version, cores and memory, and checks the CPU for int8 instructions. */
export function checkMachine({ node, platform, arch, cores, memoryBytes, cpuFlags }: Machine): Finding[] {
  const memory = `${(memoryBytes / 2 ** 30).toFixed(0)} GiB of memory`
  const detail = `Node.js ${node} on ${platform}-${arch}, ${cores} core${cores === 1 ? '' : 's'}, ${memory}`
  return [{ area, check: 'runtime', status: 'ok', detail }, judgeCpu(arch, cpuFlags)]
}

/** Rates how fast a CPU runs the int8 model. */
function judgeCpu(arch: string, flags: ReadonlySet<string> | undefined): Finding {
  const check = 'cpu'
  if (flags === undefined) {
    const detail = `the features of this ${arch} processor are not told; the golden scores of the model decide`
    return { area, check, status: 'skipped', detail }
  }
  const has = (...names: string[]) => names.filter((name) => flags.has(name))
  if (arch === 'arm64') {
    const found = has('i8mm', 'asimddp')
    if (found.length > 0) return { area, check, status: 'ok', detail: `${found.join(', ')}: int8 runs at full speed` }
    return slow('no dot product instructions: int8 runs slowly', 'Use a processor of ARMv8.2 or later.')
  }
  const vnni = has('avx512_vnni', 'avx_vnni')
  if (vnni.length > 0) return { area, check, status: 'ok', detail: `${vnni.join(', ')}: int8 runs at full speed` }
  if (flags.has('avx2')) {
    const help =
      'Processors with avx512_vnni or avx_vnni (servers since 2019, desktops since 2021) score more per core.'
    return slow('avx2 without VNNI: int8 runs at about half speed', help)
  }
  return slow('neither VNNI nor avx2: int8 runs slowly', 'Use a processor with avx2, better with VNNI.')

  function slow(detail: string, help: string): Finding {
    return { area, check, status: 'warn', detail, help }
  }
}
