import { expect, it } from 'vitest'
import { describeMachine, tellingOf } from '../../../bench/machine.ts'

it('keeps the features that matrices are multiplied with', () => {
  expect(tellingOf(['fpu', 'avx', 'avx2', 'avx512f', 'avx512_vnni', 'amx_int8'])).toEqual([
    'avx2',
    'avx512_vnni',
    'amx_int8',
  ])
  expect(tellingOf(['fp', 'asimd', 'asimddp', 'i8mm', 'bf16'])).toEqual(['asimddp', 'i8mm', 'bf16'])
})

it('names what was measured on and with', async () => {
  const { cpu, cores, node, onnxruntime, kafka } = await describeMachine()
  expect(cpu).not.toBe('')
  expect(cores).toBeGreaterThan(0)
  expect(node).toBe(process.version)
  for (const version of [onnxruntime, kafka]) expect(version).toMatch(/^\d+\.\d+\.\d+/)
})
