import type { OpenBackend } from '../load-model.ts'
import { loadModel } from '../load-model.ts'
import type { StoredModel } from './model-store.ts'
import { openSupply, type SupplyConfig } from './open-supply.ts'

export interface PullOptions {
  readonly openBackend: OpenBackend
  readonly signal: AbortSignal
  /** @param fetchedBytes total so far */
  readonly onFetched: (fetchedBytes: number) => void
}

export interface PulledModel {
  readonly model: StoredModel
  /** URI of the manifest, without credentials. */
  readonly uri: string
  /** 0: all files were in the store. */
  readonly fetchedBytes: number
}

/**
 * Downloads a model into the store, verifies its golden scores, and only then accepts it. While the registry is
 * unreachable, a process starts with the last accepted model. @throws VAL_MODEL_*
 */
export async function pullModel(uri: string, config: SupplyConfig, options: PullOptions): Promise<PulledModel> {
  const { openBackend, signal, onFetched } = options
  let fetchedBytes = 0
  const supply = await openSupply(uri, config, (bytes) => {
    fetchedBytes += bytes
    onFetched(fetchedBytes)
  })
  const model = await supply.pull(signal)
  const proven = await loadModel(model.folder, openBackend, signal)
  await proven.close()
  await supply.accept(model)
  return { model, uri: supply.uri, fetchedBytes }
}
