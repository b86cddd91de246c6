import { describe, expect, it } from 'vitest'
import { cpuFeatures, describeMachine } from '../../../bench/machine.ts'

describe('cpuFeatures', () => {
  it('keeps what matrices are multiplied with', () => {
    const x64 = 'processor\t: 0\nflags\t\t: fpu avx avx2 avx512f avx512_vnni amx_tile amx_int8\nbugs\t: none\n'
    expect(cpuFeatures(x64)).toEqual(['avx2', 'avx512_vnni', 'amx_tile', 'amx_int8'])
    expect(cpuFeatures('Features\t: fp asimd asimddp i8mm bf16\n')).toEqual(['asimddp', 'i8mm', 'bf16'])
  })

  it('finds none where the system does not tell', () => {
    expect(cpuFeatures('')).toEqual([])
  })
})

it('names the versions that were measured', () => {
  const { node, onnxruntime, kafka } = describeMachine()
  expect(node).toBe(process.version)
  for (const version of [onnxruntime, kafka]) expect(version).toMatch(/^\d+\.\d+\.\d+/)
})
