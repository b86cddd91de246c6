import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createInProcessBackend } from '@valence/processor/inference/in-process-backend'
import { probabilities } from '@valence/processor/inference/logits'
import { packTokens } from '@valence/processor/inference/token-batch'
import { type LoadedModel, loadModel } from '@valence/processor/model/load-model'
import type { OpenManifest } from './tiny-model.ts'

/** What both releases say of a text: label → probability. */
export type Expected = Readonly<Record<'a' | 'b', Readonly<Record<string, number>>>>

export interface ScoredText {
  readonly text: string
  readonly scores: Readonly<Record<string, number>>
  readonly model: { readonly version: string }
}

async function scoreOne({ tokenizer, backend, manifest }: LoadedModel, text: string): Promise<Record<string, number>> {
  const logits = await backend.infer(packTokens([tokenizer.encode(text).ids], manifest.padTokenId))
  const values = probabilities(logits, 0, manifest.labels.length, manifest.calibration)
  return Object.fromEntries(manifest.labels.map(({ name }, index) => [name, values[index] as number]))
}

/**
 * A registry folder with two releases of one model: `b` is `a` with a flatter calibration, so that every score tells
 * which of them computed it. Versions are `a` and `b`.
 */
export class ModelReleases {
  readonly folder: string
  readonly #manifests: Readonly<Record<'a' | 'b', string>>
  readonly #models: Readonly<Record<'a' | 'b', LoadedModel>>

  private constructor(folder: string, manifests: Record<'a' | 'b', string>, models: Record<'a' | 'b', LoadedModel>) {
    this.folder = folder
    this.#manifests = manifests
    this.#models = models
  }

  /** @param from folder of the model to release */
  static async of(from: string): Promise<ModelReleases> {
    const folder = await mkdtemp(join(tmpdir(), 'valence-releases-'))
    const base: OpenManifest = JSON.parse(await readFile(join(from, 'model.json'), 'utf8'))
    const release = async (version: 'a' | 'b', temperature: number) => {
      const own = join(folder, version)
      await mkdir(own)
      for (const file of ['model', 'tokenizer']) {
        await copyFile(join(from, base.files[file].path), join(own, base.files[file].path))
        await copyFile(join(from, base.files[file].path), join(folder, base.files[file].path))
      }
      const manifest: OpenManifest = { ...base, version, calibration: { temperature }, goldenTolerance: 1 }
      await writeFile(join(own, 'model.json'), JSON.stringify(manifest))
      const model = await loadModel(own, createInProcessBackend)
      for (const golden of manifest.golden) golden.scores = await scoreOne(model, golden.text)
      return { model, text: JSON.stringify({ ...manifest, goldenTolerance: 0.02 }) }
    }
    // Released one after the other: they share the golden texts of the manifest they are made of.
    const a = await release('a', 1)
    const b = await release('b', 4)
    const releases = new ModelReleases(folder, { a: a.text, b: b.text }, { a: a.model, b: b.model })
    await releases.publish('a')
    return releases
  }

  get name(): string {
    return this.#models.a.manifest.name
  }

  get labels(): string[] {
    return this.#models.a.manifest.labels.map(({ name }) => name)
  }

  get uri(): string {
    return pathToFileURL(join(this.folder, 'model.json')).href
  }

  /** By one rename, as a registry should. */
  async publish(version: 'a' | 'b', spoil: (manifest: OpenManifest) => void = () => undefined): Promise<void> {
    const manifest: OpenManifest = JSON.parse(this.#manifests[version])
    spoil(manifest)
    const fresh = join(this.folder, '.fresh.json')
    await writeFile(fresh, JSON.stringify(manifest))
    await rename(fresh, join(this.folder, 'model.json'))
  }

  async expected(texts: readonly string[]): Promise<Map<string, Expected>> {
    const both = new Map<string, Expected>()
    for (const text of texts) {
      both.set(text, { a: await scoreOne(this.#models.a, text), b: await scoreOne(this.#models.b, text) })
    }
    return both
  }

  async remove(): Promise<void> {
    await Promise.all(Object.values(this.#models).map((model) => model.close()))
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Scores whose version did not compute them. The batch a text is in may move its scores by a hair. */
export function misattributed(scored: readonly ScoredText[], expected: ReadonlyMap<string, Expected>): ScoredText[] {
  return scored.filter(({ text, scores, model }) => {
    const own = expected.get(text)?.[model.version as 'a' | 'b']
    return !own || Object.entries(own).some(([label, value]) => Math.abs((scores[label] ?? 9) - value) > 0.03)
  })
}

/** Texts that the releases tell apart beyond doubt, so that a wrong attribution cannot hide. */
export function tellingTexts(expected: ReadonlyMap<string, Expected>): string[] {
  return [...expected].flatMap(([text, { a, b }]) => {
    const gap = Math.max(...Object.keys(a).map((label) => Math.abs((a[label] ?? 0) - (b[label] ?? 0))))
    return gap > 0.1 ? [text] : []
  })
}
