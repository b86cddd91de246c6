import { goodMachine } from '@valence/testing/processes/cli-run'
import { describe, expect, it } from 'vitest'
import { checkMachine, readMachine } from '../../../src/doctor/machine.ts'

describe('checkMachine', () => {
  it.each([
    ['x64', ['avx2', 'avx512_vnni'], 'ok'],
    ['x64', ['avx2', 'avx_vnni'], 'ok'],
    ['x64', ['avx2', 'avx512f'], 'warn'],
    ['x64', ['sse4_2'], 'warn'],
    ['arm64', ['asimd', 'asimddp'], 'ok'],
    ['arm64', ['asimd'], 'warn'],
  ])('%s with %j is %s', (arch, flags, status) => {
    const [, finding] = checkMachine({ ...goodMachine, arch, cpuFlags: new Set(flags) })
    expect(finding?.status).toBe(status)
    expect(finding?.help === undefined).toBe(status === 'ok')
  })

  it('does not guess where the system does not tell', () => {
    const [, finding] = checkMachine({ ...goodMachine, cpuFlags: undefined })
    expect(finding?.status).toBe('skipped')
  })

  it.each([
    [1, '1 core,'],
    [64, '64 cores,'],
  ])('names runtime, memory and %d cores', (cores, counted) => {
    const [runtime] = checkMachine({ ...goodMachine, cores })
    const detail = `Node.js 24.0.0 on linux-x64, ${counted} 8 GiB of memory`
    expect(runtime).toEqual({ area: 'machine', check: 'runtime', status: 'ok', detail })
  })
})

describe('readMachine', () => {
  it('reads this one', async () => {
    const { node, cores, memoryBytes } = await readMachine()
    expect(node).toBe(process.versions.node)
    expect(cores).toBeGreaterThan(0)
    expect(memoryBytes).toBeGreaterThan(2 ** 20)
  })
})
