import { isValenceError, ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { ActiveModel } from './active-model.ts'
import { type LoadedModel, loadModel, type OpenBackend } from './load-model.ts'
import { isUri, locateModel } from './model-location.ts'
import { ModelReloader, type ReloadOutcome } from './model-reloader.ts'
import { keepInUse } from './supply/keep-in-use.ts'
import { ModelStore, type StoredModel } from './supply/model-store.ts'
import type { ModelSupply } from './supply/model-supply.ts'
import { openSupply } from './supply/open-supply.ts'

export interface StartModelOptions {
  readonly config: Config
  readonly openBackend: OpenBackend
  readonly metrics: Metrics
  readonly logger: Logger
  /** Aborts waiting for a registry. */
  readonly signal: AbortSignal
}

/** The active model, with its reload. */
export interface StartedModel {
  readonly models: ActiveModel
  /** @throws VAL_MODEL_NOT_RELOADABLE, or the reason why the new model was refused; the old model stays active */
  reload(): Promise<ReloadOutcome>
  /** Aborts a running swap, then drains and closes the active model. */
  close(): Promise<void>
}

interface First {
  readonly stored: StoredModel
  readonly model: LoadedModel
}

/** A configuration error does not pass by itself; falling back to an old model would hide it. */
const isFinal = (error: unknown) => isValenceError(error) && error.code === 'VAL_MODEL_URI_REFUSED'

/** The registry's model; if that fails, the last good model of this URI. */
async function firstFrom(
  supply: ModelSupply,
  { openBackend, logger, metrics, signal }: StartModelOptions,
): Promise<First> {
  let pulled: StoredModel | undefined
  try {
    pulled = await supply.pull(signal)
    const model = await loadModel(pulled.folder, openBackend, signal)
    await supply.accept(pulled).catch((error) => logger.warn({ err: error }, 'model store cannot be renewed'))
    return { stored: pulled, model }
  } catch (error) {
    if (isFinal(error) || signal.aborted) throw error
    const good = await supply.lastGood()
    if (!good || good.digest === pulled?.digest) throw error
    const code = isValenceError(error) ? error.code : 'unexpected'
    metrics.model.refusals.inc({ code })
    logger.error({ err: error, code, uri: supply.uri, digest: good.digest }, 'model refused, using the last good model')
    return { stored: good, model: await loadModel(good.folder, openBackend, signal) }
  }
}

async function startSupplied(options: StartModelOptions): Promise<StartedModel> {
  const { config, openBackend, metrics, logger } = options
  const supply = await openSupply(config.model, config, (bytes) => metrics.model.downloaded.inc(bytes))
  const store = new ModelStore(config.modelStore)
  const { stored, model } = await firstFrom(supply, options)
  await store.touch(stored.digest).catch((error) => logger.warn({ err: error }, 'model store cannot be renewed'))
  const models = new ActiveModel(model)
  const swap = new ModelReloader({
    supply,
    models,
    digest: stored.digest,
    load: (folder, stopped) => loadModel(folder, openBackend, stopped),
    renewLease: async (digest) => {
      await store.touch(digest)
      await store.prune(config.modelStoreKeep)
    },
    pollMs: config.modelPollMs,
    logger,
    metrics,
  })
  return {
    models,
    reload: () => swap.reload(),
    async close() {
      await swap.close()
      await models.close()
    },
  }
}

/** Loads the configured model and, if it comes from a URI, polls for new versions. @throws VAL_MODEL_* */
export async function startModel(options: StartModelOptions): Promise<StartedModel> {
  const { config, openBackend, logger, signal } = options
  if (isUri(config.model)) return startSupplied(options)
  const folder = await locateModel(config.model, config, signal)
  const models = new ActiveModel(await loadModel(folder, openBackend, signal))
  const mark = keepInUse(folder, config.modelStore, logger)
  return {
    models,
    reload: async () => {
      throw new ValenceError('VAL_MODEL_NOT_RELOADABLE', config.model)
    },
    close() {
      mark.end()
      return models.close()
    },
  }
}
