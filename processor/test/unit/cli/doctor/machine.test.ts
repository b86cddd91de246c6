import { describe, expect, it } from 'vitest'
import { checkMachine, judgeCpu } from '../../../../src/cli/doctor/machine.ts'

describe('judgeCpu', () => {
  it.each([
    ['x64', ['avx2', 'avx512_vnni'], 'ok'],
    ['x64', ['avx2', 'avx_vnni'], 'ok'],
    ['x64', ['avx2', 'avx512f'], 'warn'],
    ['x64', ['sse4_2'], 'warn'],
    ['arm64', ['asimd', 'asimddp'], 'ok'],
    ['arm64', ['asimd'], 'warn'],
  ])('%s with %j is %s', (arch, flags, status) => {
    const finding = judgeCpu(arch, new Set(flags))
    expect(finding.status).toBe(status)
    expect(finding.help === undefined).toBe(status === 'ok')
  })

  it('does not guess where the system does not tell', () => {
    expect(judgeCpu('x64', undefined).status).toBe('skipped')
  })
})

describe('checkMachine', () => {
  it('names the runtime', async () => {
    const [runtime] = await checkMachine()
    expect(runtime).toMatchObject({ status: 'ok', detail: expect.stringContaining(process.versions.node) })
  })
})
