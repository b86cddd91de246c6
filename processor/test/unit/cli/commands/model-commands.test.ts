import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { runValence } from '@valence/testing/processes/cli-run'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let model: Awaited<ReturnType<typeof writeTinyModel>>
let folder: string

beforeAll(async () => {
  model = await writeTinyModel((manifest) => {
    manifest.quality = { tweets: { n: 100, accuracy: 0.75, perClass: { positive: {} } } }
  })
  folder = await mkdtemp(join(tmpdir(), 'valence-evaluate-'))
})
afterAll(async () => {
  await model.remove()
  await rm(folder, { recursive: true })
})

function run(args: readonly string[], modelFolder = model.folder) {
  return runValence(['model', ...args], {
    environment: { VALENCE_MODEL: modelFolder, VALENCE_INFERENCE_WORKERS: '1' },
  })
}

async function evaluate(content: string, ...options: string[]) {
  const path = join(folder, 'labelled.jsonl')
  await writeFile(path, content)
  return run(['evaluate', path, ...options])
}

const labelled = (...pairs: (readonly [text: string, label: string])[]) =>
  pairs.map(([text, label]) => `${JSON.stringify({ text, label })}\n`).join('')

describe('valence model show', () => {
  it('tells what the manifest says', async () => {
    const { code, stdout } = await run(['show'])
    expect(code).toBe(0)
    expect(stdout).toContain('tiny 1.2.3')
    expect(stdout).toContain('negative (-1), neutral (0), positive (1)')
    expect(stdout).toContain('at most 16 a text')
    expect(stdout).toMatch(/tweets +n 100 +accuracy 0\.75$/m)
  })

  it('prints the manifest and its folder as JSON', async () => {
    const { stdout } = await run(['show', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ folder: model.folder, name: 'tiny', maxTokens: 16 })
  })

  it('names the manifest that is missing', async () => {
    const { code, stderr } = await run(['show'], folder)
    expect(code).toBe(1)
    expect(stderr).toContain(join(folder, 'model.json'))
  })
})

describe('valence model pull', () => {
  it('proves a model before it takes it for the last good one', async () => {
    const store = await mkdtemp(join(tmpdir(), 'valence-store-'))
    const bad = await writeTinyModel((manifest) => {
      manifest.golden[0].scores = { negative: 1, neutral: 0, positive: 0 }
    })
    const pull = ({ folder: from }: { folder: string }) =>
      runValence(['model', 'pull', pathToFileURL(join(from, 'model.json')).href], {
        environment: { VALENCE_MODEL_STORE: store },
      })
    const refs = () => readdir(join(store, 'refs')).catch(() => [])
    const refused = await pull(bad)
    expect([refused.code, await refs()]).toEqual([1, []])
    expect(refused.stderr).toContain('VAL_MODEL_GOLDEN_MISMATCH')
    const taken = await pull(model)
    expect([taken.code, (await refs()).length]).toEqual([0, 1])
    await bad.remove()
    await rm(store, { recursive: true })
  })
})

describe('valence model verify', () => {
  it('says that a good model is good', async () => {
    const { code, stdout } = await run(['verify'])
    expect(code).toBe(0)
    expect(stdout).toContain('tiny 1.2.3')
    expect(stdout).toContain('2 golden texts match')
    expect(JSON.parse((await run(['verify', '--json'])).stdout)).toMatchObject({ ok: true, golden: 2 })
  })

  it('says which file was changed', async () => {
    const spoiled = await writeTinyModel()
    await appendFile(join(spoiled.folder, 'tokenizer.json'), ' ')
    const { code, stdout, stderr } = await run(['verify'], spoiled.folder)
    await spoiled.remove()
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('VAL_MODEL_CHECKSUM_MISMATCH')
    expect(stderr).toContain('tokenizer.json')
  })

  it('says which golden text comes out otherwise', async () => {
    const spoiled = await writeTinyModel((manifest) => {
      manifest.golden[0].scores = { negative: 0.9, neutral: 0.05, positive: 0.05 }
    })
    const { code, stderr } = await run(['verify'], spoiled.folder)
    await spoiled.remove()
    expect(code).toBe(1)
    expect(stderr).toContain('VAL_MODEL_GOLDEN_MISMATCH')
  })
})

describe('valence model evaluate', () => {
  const file = labelled(['good', 'positive'], ['great', 'positive'], ['bad', 'positive'], ['awful', 'negative'])

  it('prints exactly the figures that scripts rely on', async () => {
    const { code, stdout, stderr } = await evaluate(file, '--json')
    expect(code).toBe(0)
    expect(stderr).toBe('')
    const figures = JSON.parse(stdout)
    expect(Object.keys(figures)).toEqual(['n', 'accuracy', 'macroRecall', 'macroF1', 'ece', 'perClass', 'confusion'])
    expect(figures).toMatchObject({ n: 4, accuracy: 0.75 })
    expect(figures.macroRecall).toBeCloseTo((2 / 3 + 1) / 2)
    expect(figures.perClass.positive).toEqual({ precision: 1, recall: 2 / 3, f1: expect.closeTo(0.8) })
    expect(figures.perClass.negative).toEqual({ precision: 0.5, recall: 1, f1: expect.closeTo(2 / 3) })
    expect(figures.confusion).toEqual({
      negative: { negative: 1, neutral: 0, positive: 0 },
      neutral: { negative: 0, neutral: 0, positive: 0 },
      positive: { negative: 1, neutral: 0, positive: 2 },
    })
  })

  it('prints the same as tables for people', async () => {
    const { stdout } = await evaluate(file)
    expect(stdout).toContain('4 texts: accuracy 0.7500')
    expect(stdout).toMatch(/^positive +1\.0000 +0\.6667 +0\.8000 +3$/m)
    expect(stdout).toMatch(/^positive +1 +0 +2$/m)
  })

  it('leaves out lines it cannot judge, says which, and fails', async () => {
    const { code, stdout, stderr } = await evaluate(
      `${file}{"text":"good"}\n{"text":"good","label":"mixed"}\n{"text":" ","label":"positive"}\n`,
      '--json',
    )
    expect(code).toBe(1)
    expect(JSON.parse(stdout).n).toBe(4)
    expect(stderr).toContain('line 5: VAL_RECORD_INVALID')
    expect(stderr).toContain('label must be one of negative, neutral, positive, not "mixed"')
    expect(stderr).toContain('line 7: VAL_TEXT_EMPTY')
    expect(stderr).toContain('3 lines left out')
  })

  it('prints no figures where there is nothing to judge', async () => {
    const { code, stdout, stderr } = await evaluate('just a text\n', '--json')
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('label must be one of')
    expect(await evaluate('')).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('valence model pull and list', () => {
  it('brings a model into the store once, where list shows it and its name finds it', async () => {
    const store = join(folder, 'store')
    const withStore = (args: readonly string[], VALENCE_MODEL: string) =>
      runValence(['model', ...args], { environment: { VALENCE_MODEL, VALENCE_MODEL_STORE: store } })
    expect((await withStore(['list'], 'default')).stdout).toBe(`no models in ${store}\n`)
    const uri = pathToFileURL(join(model.folder, 'model.json')).href
    const pulled = await withStore(['pull', '--json'], uri)
    expect(JSON.parse(pulled.stdout)).toMatchObject({ name: 'tiny', version: '1.2.3', uri })
    expect((await withStore(['pull', uri], 'default')).stdout).toMatch(
      /^tiny 1\.2\.3 {2}[0-9a-f]{12}: was in the store$/m,
    )
    expect((await withStore(['list'], 'default')).stdout).toMatch(/^tiny +1\.2\.3 +[0-9a-f]{12}/m)
    const listed = JSON.parse((await withStore(['list', '--json'], 'default')).stdout)
    expect(listed.models).toEqual([expect.objectContaining({ digest: JSON.parse(pulled.stdout).digest })])
    expect((await withStore(['verify'], 'tiny@1.2.3')).stdout).toContain('golden texts match')
  })

  it('wants a URI', async () => {
    const { code, stderr } = await run(['pull', './folder'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('./folder is no file:, https: or s3: URI')])
  })
})
