/** What a run of the suites is made to see instead of this machine. */
export interface FakedMachine {
  readonly cores: number
  readonly memoryBytes: number
  /** The line `flags` of /proc/cpuinfo. */
  readonly cpuFlags: string
  readonly environment: Readonly<Record<string, string>>
}

const gibibyte = 2 ** 30

/** By name; `TEST_MACHINE=one-core` runs a suite as one of them, `make test-machines` a part of the unit tests as each. */
export const fakedMachines: Readonly<Record<string, FakedMachine>> = {
  'no-vnni': {
    cores: 2,
    memoryBytes: 4 * gibibyte,
    cpuFlags: 'sse4_2 avx avx2',
    environment: { TZ: 'Asia/Kolkata', LANG: 'C' },
  },
  'one-core': {
    cores: 1,
    memoryBytes: gibibyte,
    cpuFlags: 'sse4_2',
    environment: { TZ: 'America/St_Johns', LANG: 'tr_TR.UTF-8' },
  },
  'many-cores': {
    cores: 64,
    memoryBytes: 512 * gibibyte,
    cpuFlags: 'avx2 avx512_vnni avx_vnni amx_int8',
    environment: { TZ: 'Pacific/Chatham', LANG: 'de_DE.UTF-8' },
  },
  'more-cores-than-workers': {
    cores: 384,
    memoryBytes: 3_072 * gibibyte,
    cpuFlags: 'avx2 avx512_vnni',
    environment: { TZ: 'Africa/Casablanca', LANG: 'ar_EG.UTF-8' },
  },
}
