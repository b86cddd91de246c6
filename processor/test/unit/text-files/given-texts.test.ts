import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { fileTexts, type GivenTexts, givenTexts } from '../../../src/text-files/given-texts.ts'

const context = (stdin = '') => ({ stdin: Readable.from([Buffer.from(stdin)]), signal: new AbortController().signal })

async function textsOf({ items }: GivenTexts): Promise<unknown[]> {
  const texts: unknown[] = []
  for await (const block of { [Symbol.asyncIterator]: () => items })
    texts.push(...block.map(({ fields }) => fields?.text))
  return texts
}

it('gives texts as they are, each a line of its own', async () => {
  expect(await textsOf(givenTexts(['{"text": "no JSON here"}', 'b']))).toEqual(['{"text": "no JSON here"}', 'b'])
})

it('reads a file, and knows its size', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'valence-given-'))
  const path = join(folder, 'a.txt')
  await writeFile(path, 'good\nbad\n')
  const texts = await fileTexts(path, 'auto', context())
  expect(texts.totalBytes).toBe(9)
  expect(await textsOf(texts)).toEqual(['good', 'bad'])
  await rm(folder, { recursive: true })
})

it('reads standard input, whose end is not known', async () => {
  const texts = await fileTexts('-', 'auto', context('good\n'))
  expect(texts.totalBytes).toBeUndefined()
  expect(await textsOf(texts)).toEqual(['good'])
})
