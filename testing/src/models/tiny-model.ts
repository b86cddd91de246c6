import { createHash } from 'node:crypto'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GraphSpec } from '@valence/processor/inference/graph-session'

/**
 * A model small enough to know its answers by heart; graphs/make_graphs.py says what the graph computes. A token is
 * worth its id − 100 and the logits are −0.1, 0 and 0.1 times the sum, [CLS] and [SEP] cancelling each other out.
 */
export const tinyVocabulary = {
  '[PAD]': 0,
  '[UNK]': 100,
  '[CLS]': 101,
  '[SEP]': 99,
  ok: 100 + 5,
  good: 110,
  great: 120,
  bad: 90,
  awful: 80,
  un: 97,
  '##good': 104,
  /** The faulty worker of the tests hangs, dies, or answers nonsense on these. */
  linger: 994,
  hang: 995,
  crash: 996,
  /** The graph spins for about a quarter of a second. */
  slow: 998,
  /** The graph refuses it. */
  poison: 1_000,
} as const

export const tinyLabels = [
  { name: 'negative', polarity: -1 },
  { name: 'neutral', polarity: 0 },
  { name: 'positive', polarity: 1 },
] as const

/** The sum of worths that gives a text of these words its logits. */
export function tinyLogits(ids: ArrayLike<number>): [number, number, number] {
  const sum = Array.from(ids).reduce((total, id) => total + id - 100, 0)
  return [-0.1 * sum, 0, 0.1 * sum]
}

export const tinyTokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content) => ({
    id: tinyVocabulary[content as keyof typeof tinyVocabulary],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [101], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [99], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: tinyVocabulary,
  },
}

export function tinyGraphPath(type: 'int32' | 'int64' = 'int32'): string {
  return fileURLToPath(new URL(`./graphs/tiny-${type}.onnx`, import.meta.url))
}

export function tinyGraph(type: 'int32' | 'int64' = 'int32'): GraphSpec {
  return {
    path: tinyGraphPath(type),
    inputIds: { name: 'input_ids', type },
    attentionMask: { name: 'attention_mask', type },
    output: 'logits',
    labels: 3,
    optimizationLevel: 'basic',
  }
}

async function fileEntry(folder: string, path: string) {
  const bytes = await readFile(join(folder, path))
  return { path, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length }
}

/** A manifest as an open-ended object, so that a test can spoil it. */
// biome-ignore lint/suspicious/noExplicitAny: tests write wrong types into it on purpose
export type OpenManifest = Record<string, any>

/** Writes the tiny model into a folder of its own. */
export async function writeTinyModel(spoil: (manifest: OpenManifest) => void = () => undefined) {
  const folder = await mkdtemp(join(tmpdir(), 'valence-tiny-model-'))
  await copyFile(tinyGraphPath(), join(folder, 'model.onnx'))
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizer))
  const softmaxOf = (sum: number) => {
    const [negative, positive] = [Math.exp(-0.1 * sum), Math.exp(0.1 * sum)]
    const total = negative + 1 + positive
    return { negative: negative / total, neutral: 1 / total, positive: positive / total }
  }
  const manifest: OpenManifest = {
    manifestVersion: 1,
    name: 'tiny',
    version: '1.2.3',
    description: 'Known by heart',
    license: 'Apache-2.0',
    createdAt: '2026-01-01T00:00:00Z',
    task: 'text-classification',
    labels: tinyLabels.map((label) => ({ ...label })),
    maxTokens: 16,
    files: { model: await fileEntry(folder, 'model.onnx'), tokenizer: await fileEntry(folder, 'tokenizer.json') },
    inputs: {
      inputIds: { name: 'input_ids', type: 'int32' },
      attentionMask: { name: 'attention_mask', type: 'int32' },
    },
    output: { name: 'logits' },
    padTokenId: 0,
    graph: { opset: 17, precision: 'fp32', sessionOptions: { graphOptimizationLevel: 'basic' } },
    calibration: { temperature: 1 },
    golden: [
      { text: 'good', scores: softmaxOf(10) },
      { text: 'bad bad', scores: softmaxOf(-20) },
    ],
    goldenTolerance: 0.001,
    quality: {},
  }
  spoil(manifest)
  await writeFile(join(folder, 'model.json'), JSON.stringify(manifest))
  return { folder, manifest, remove: () => rm(folder, { recursive: true, force: true }) }
}
