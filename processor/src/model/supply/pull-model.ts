import type { OpenBackend } from '../load-model.ts'
import { loadModel } from '../load-model.ts'
import type { StoredModel } from './model-store.ts'
import { openSupply, type SupplyConfig } from './open-supply.ts'

export interface PullOptions {
  readonly openBackend: OpenBackend
  readonly signal: AbortSignal
  /** @param fetchedBytes in all so far */
  readonly onFetched: (fetchedBytes: number) => void
}

export interface PulledModel {
  readonly model: StoredModel
  /** Of the manifest, without credentials. */
  readonly uri: string
  /** 0: all files were in the store. */
  readonly fetchedBytes: number
}

/**
 * Brings a model into the store and verifies it by its golden scores. Only then it is accepted: a process starts with the
 * last accepted model while the registry is unreachable. @throws VAL_MODEL_*
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
