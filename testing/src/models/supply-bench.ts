import type { KeyObject } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '@valence/processor/config/config'
import { digestOf, ModelStore } from '@valence/processor/model/supply/model-store'
import { ModelSupply } from '@valence/processor/model/supply/model-supply'
import { openSupply, type SupplyConfig } from '@valence/processor/model/supply/open-supply'
import { type ModelRegistry, startModelRegistry } from './model-registry.ts'
import { type OpenManifest, writeTinyModel } from './tiny-model.ts'

/** A tiny model, a registry that serves it, and an empty store. */
export class SupplyBench {
  readonly registry: ModelRegistry
  readonly model: { folder: string; manifest: OpenManifest }
  readonly store: ModelStore
  readonly graph: Buffer
  readonly #remove: () => Promise<void>

  private constructor(parts: Pick<SupplyBench, 'registry' | 'model' | 'store' | 'graph'>, remove: () => Promise<void>) {
    this.registry = parts.registry
    this.model = parts.model
    this.store = parts.store
    this.graph = parts.graph
    this.#remove = remove
  }

  static async open(spoil?: (manifest: OpenManifest) => void): Promise<SupplyBench> {
    const model = await writeTinyModel(spoil)
    const registry = await startModelRegistry(model.folder)
    const folder = await mkdtemp(join(tmpdir(), 'valence-store-'))
    const graph = await readFile(join(model.folder, 'model.onnx'))
    return new SupplyBench({ registry, model, store: new ModelStore(folder), graph }, async () => {
      await registry.close()
      await model.remove()
      await rm(folder, { recursive: true, force: true })
    })
  }

  config(environment: Readonly<Record<string, string>> = {}): SupplyConfig {
    return {
      ...readConfig({ VALENCE_MODEL_STORE: this.store.folder, ...environment }),
      modelConnectTimeoutMs: 100,
      modelIdleTimeoutMs: 100,
    }
  }

  supply(environment: Readonly<Record<string, string>> = {}, uri = this.registry.uri): Promise<ModelSupply> {
    return openSupply(uri, this.config(environment))
  }

  /** A supply with a key, over the same registry and store. */
  async signedSupply(publicKey: KeyObject): Promise<ModelSupply> {
    const { createHttpSource } = await import('@valence/processor/model/supply/http-source')
    return new ModelSupply({
      uri: this.registry.uri,
      source: createHttpSource(new URL(this.registry.uri), { prefixes: [this.registry.origin], explicit: [] }),
      store: this.store,
      maxBytes: 1 << 20,
      limits: { connectMs: 200, idleMs: 200 },
      timeoutMs: 5_000,
      publicKey,
      retryMs: 1,
    })
  }

  /** Files in sight of a reader that are not what their name says, and what was left in the staging folder. */
  async halfWritten(store = this.store.folder): Promise<string[]> {
    const blobs = join(store, 'blobs')
    const names = await readdir(blobs).catch(() => [])
    const digests = await Promise.all(names.map(async (name) => digestOf(await readFile(join(blobs, name)))))
    const staged = await readdir(join(store, 'staging')).catch(() => [])
    return [...names.filter((name, index) => name !== digests[index]), ...staged]
  }

  async close(): Promise<void> {
    await this.#remove()
  }
}

export const unhurried = () => new AbortController().signal
