import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { evaluateFile } from '../../../src/jobs/evaluate-file.ts'

let model: Awaited<ReturnType<typeof writeTinyModel>>
beforeAll(async () => {
  model = await writeTinyModel()
})
afterAll(() => model.remove())

async function evaluate(...lines: string[]) {
  const content = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  async function* chunks() {
    yield content
  }
  const problems: [number, string][] = []
  const judged: number[] = []
  const progress = { start: () => undefined, update: (_: number, items: number) => void judged.push(items) }
  const config = readConfig({ VALENCE_MODEL: model.folder, VALENCE_INFERENCE_WORKERS: '1' })
  const evaluation = await evaluateFile(
    config,
    { signal: new AbortController().signal, progress },
    {
      path: 'labelled.jsonl',
      format: 'json',
      file: { chunks: chunks(), totalBytes: content.length },
      onProblem: (line, { code }) => problems.push([line, code]),
    },
  )
  return { evaluation, problems, judged }
}

it('judges the texts with a label of the model, and names the lines without', async () => {
  const { evaluation, problems, judged } = await evaluate(
    '{"text": "good", "label": "positive"}',
    '{"text": "good", "label": "negative"}',
    '{"text": "good", "label": "merry"}',
    '{"text": "good"}',
    '{"text": "", "label": "positive"}',
  )
  expect(evaluation).toMatchObject({ n: 2, accuracy: 0.5 })
  expect(problems).toEqual([
    [3, 'VAL_RECORD_INVALID'],
    [4, 'VAL_RECORD_INVALID'],
    [5, 'VAL_TEXT_EMPTY'],
  ])
  expect(judged.at(-1)).toBe(2)
})

it('fails with the first problem where no text has a label, and says so of an empty file', async () => {
  await expect(evaluate('{"text": "good"}')).rejects.toMatchObject({ code: 'VAL_RECORD_INVALID' })
  await expect(evaluate()).rejects.toMatchObject({ code: 'VAL_USAGE_INVALID' })
})
