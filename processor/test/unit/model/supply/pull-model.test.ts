import { SupplyBench, unhurried } from '@valence/testing/models/supply-bench'
import { expect, it } from 'vitest'
import { createInProcessBackend } from '../../../../src/inference/in-process-backend.ts'
import { pullModel } from '../../../../src/model/supply/pull-model.ts'

async function pull(bench: SupplyBench) {
  const seen: number[] = []
  const onFetched = (bytes: number) => void seen.push(bytes)
  const options = { openBackend: createInProcessBackend, signal: unhurried(), onFetched }
  const pulled = await pullModel(bench.registry.uri, bench.config(), options)
  return { ...pulled, seen }
}

it('fetches a model, counts its bytes, and accepts it', async () => {
  const bench = await SupplyBench.open()
  const { model, fetchedBytes, seen, uri } = await pull(bench)
  expect(fetchedBytes).toBeGreaterThan(bench.graph.length)
  expect(seen.at(-1)).toBe(fetchedBytes)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(uri).toBe(bench.registry.uri)
  expect(await (await bench.supply()).lastGood()).toMatchObject({ digest: model.digest })
  expect((await pull(bench)).fetchedBytes).toBeLessThan(bench.graph.length)
  await bench.close()
})

it('does not accept a model whose golden scores are wrong', async () => {
  const bench = await SupplyBench.open((manifest) => {
    manifest.golden[0].scores = { negative: 1, neutral: 0, positive: 0 }
  })
  await expect(pull(bench)).rejects.toMatchObject({ code: 'VAL_MODEL_GOLDEN_MISMATCH' })
  expect(await (await bench.supply()).lastGood()).toBeUndefined()
  await bench.close()
})
