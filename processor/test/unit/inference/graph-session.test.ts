import { tinyGraph, tinyVocabulary as v } from '@valence/testing/models/tiny-model'
import { expect, test } from 'vitest'
import { type GraphSpec, openGraphSession } from '../../../src/inference/graph-session.ts'
import { packTokens } from '../../../src/inference/token-batch.ts'

const row = (...ids: number[]) => Int32Array.of(v['[CLS]'], ...ids, v['[SEP]'])

test.each(['int32', 'int64'] as const)(
  '%s inputs: buffers of a larger batch do not leak into a smaller one',
  async (type) => {
    const session = await openGraphSession(tinyGraph(type))
    const large = packTokens([row(v.great, v.great, v.great), row(v.awful), row(v.good)], 0)
    const small = packTokens([row(v.bad), row(v.good, v.good)], 0)
    const first = await session.run(large)
    const second = await session.run(small)
    expect([...first].map(Math.round)).toEqual([-6, 0, 6, 2, 0, -2, -1, 0, 1])
    expect([...second].map(Math.round)).toEqual([1, 0, -1, -2, 0, 2])
    expect([...(await session.run(large))]).toEqual([...first])
    await session.release()
  },
)

const spoilt: [string, Partial<GraphSpec>, RegExp][] = [
  ['an input it does not have', { inputIds: { name: 'ids', type: 'int32' } }, /no input "ids"/],
  ['an output it does not have', { output: 'scores' }, /no output "scores"/],
]

test.each(spoilt)('a graph is refused when the manifest names %s', async (_, change, message) => {
  await expect(openGraphSession({ ...tinyGraph(), ...change })).rejects.toThrow(message)
})

test('a graph is refused when it wants an input that the manifest does not name', async () => {
  const { attentionMask: _, ...graph } = tinyGraph()
  await expect(openGraphSession(graph)).rejects.toThrow('attention_mask')
})

test('a graph with another number of labels is found out by its first run', async () => {
  const session = await openGraphSession({ ...tinyGraph(), labels: 5 })
  await expect(session.run(packTokens([row(v.good)], 0))).rejects.toThrow('3 logits for 1 texts and 5 labels')
})
