import { basename, dirname, join, resolve } from 'node:path'
import type { Logger } from '../../observability/logger.ts'
import { ModelStore } from './model-store.ts'

/** Interval of the use mark in the store. Chosen: retention counts in days. */
export const renewLeaseMs = 60 * 60 * 1_000

/**
 * Marks a model as in use while it runs, so that no other process's retention removes it. A folder outside the store is
 * not marked.
 */
export function keepInUse(folder: string, storeFolder: string, logger: Logger): { end(): void } {
  if (dirname(resolve(folder)) !== resolve(join(storeFolder, 'models'))) return { end: () => undefined }
  const store = new ModelStore(storeFolder)
  const mark = () =>
    void store
      .touch(basename(folder))
      .catch((error) => logger.warn({ err: error, code: error.code }, 'model store cannot be renewed'))
  mark()
  const timer = setInterval(mark, renewLeaseMs).unref()
  return { end: () => clearInterval(timer) }
}
