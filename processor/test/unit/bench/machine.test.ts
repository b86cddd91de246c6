import { expect, it } from 'vitest'
import { describeMachine } from '../../../bench/machine.ts'

it('names what was measured on and with', async () => {
  const { cpu, cores, node, onnxruntime, kafka, features } = await describeMachine()
  expect(cpu).not.toBe('')
  expect(cores).toBeGreaterThan(0)
  expect(node).toBe(process.version)
  for (const version of [onnxruntime, kafka]) expect(version).toMatch(/^\d+\.\d+\.\d+/)
  for (const feature of features) expect(feature).toMatch(/^(a[mv]x|asimd|i8mm|bf16)/)
})
