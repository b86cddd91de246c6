import { type OpenManifest, writeTinyModel } from '@valence/testing/models/tiny-model'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseManifest } from '../../../src/model/manifest.ts'

let tiny: Awaited<ReturnType<typeof writeTinyModel>>
beforeAll(async () => {
  tiny = await writeTinyModel()
})
afterAll(() => tiny.remove())

function spoilt(spoil: (manifest: OpenManifest) => void): string {
  const manifest = structuredClone(tiny.manifest)
  spoil(manifest)
  return JSON.stringify(manifest)
}

test('a manifest is read, fields that may be missing get their defaults', () => {
  const manifest = parseManifest(
    spoilt((open) => {
      delete open.description
      delete open.quality
    }),
  )
  expect(manifest).toMatchObject({ name: 'tiny', maxTokens: 16, description: '', quality: {} })
  expect(manifest.graph.sessionOptions.graphOptimizationLevel).toBe('basic')
})

test('fields of later versions are no error', () => {
  expect(parseManifest(spoilt((open) => Object.assign(open, { later: 1 }))).name).toBe('tiny')
})

test('a flood of faults is told in a few lines', () => {
  for (const count of [1_000, 250_000]) {
    const scores = Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, 2]))
    const text = spoilt((open) => (open.golden[0].scores = scores))
    let refused: unknown
    try {
      parseManifest(text)
    } catch (error) {
      refused = error
    }
    expect(refused).toMatchObject({ code: 'VAL_MODEL_MANIFEST_INVALID' })
    expect((refused as Error).message.length).toBeLessThan(10_000)
  }
})

const faults: [field: string, spoil: (manifest: OpenManifest) => void][] = [
  ['manifestVersion', (open) => (open.manifestVersion = 2)],
  ['name', (open) => delete open.name],
  ['task', (open) => (open.task = 'translation')],
  ['labels', (open) => open.labels.pop() && open.labels.pop()],
  ['labels', (open) => (open.labels[1].name = 'negative')],
  ['labels.0.polarity', (open) => (open.labels[0].polarity = -2)],
  ['labels.0.name', (open) => (open.labels[0].name = '__proto__')],
  ['labels.0.name', (open) => (open.labels[0].name = 'constructor')],
  ['maxTokens', (open) => (open.maxTokens = '256')],
  ['files.model.sha256', (open) => (open.files.model.sha256 = 'ABC')],
  ['files.tokenizer.bytes', (open) => (open.files.tokenizer.bytes = -1)],
  ['inputs.inputIds.type', (open) => (open.inputs.inputIds.type = 'float32')],
  ['padTokenId', (open) => (open.padTokenId = 0.5)],
  ['files.tokenizer.path', (open) => (open.files.tokenizer.path = 'Model.onnx')],
  ['graph.sessionOptions.graphOptimizationLevel', (open) => (open.graph.sessionOptions.graphOptimizationLevel = 'max')],
  ['calibration.temperature', (open) => (open.calibration.temperature = 0)],
  ['calibration.logitBias', (open) => (open.calibration.logitBias = [1, 2])],
  ['golden', (open) => (open.golden = [])],
  ['golden.0.scores', (open) => delete open.golden[0].scores.neutral],
  ['golden.0.scores', (open) => (open.golden[0].scores.other = 0)],
  ['goldenTolerance', (open) => (open.goldenTolerance = 0)],
]

test.each(faults)('a fault in %s is named', (field, spoil) => {
  expect(() => parseManifest(spoilt(spoil))).toThrow(
    expect.objectContaining({ code: 'VAL_MODEL_MANIFEST_INVALID', detail: expect.stringContaining(`${field}: `) }),
  )
})

describe('a file name that leads out of the folder is refused:', () => {
  test.each([
    '../model.onnx',
    '/etc/passwd',
    'a/b.onnx',
    'a\\b.onnx',
    '..',
    '.hidden',
    '',
    'C:x',
    'a\0b',
    'model.onnx/',
  ])('%j', (path) => {
    expect(() => parseManifest(spoilt((open) => (open.files.model.path = path)))).toThrow(
      expect.objectContaining({ detail: expect.stringContaining('files.model.path') }),
    )
  })
})

test('all faults are told at once', () => {
  const text = spoilt((open) => {
    open.name = ''
    open.maxTokens = 1
  })
  expect(() => parseManifest(text)).toThrow(/name: .*; maxTokens: /)
})

test.each(['', '{', 'null', '[]', '"text"'])('what is no manifest at all is refused: %j', (text) => {
  expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: 'VAL_MODEL_MANIFEST_INVALID' }))
})
