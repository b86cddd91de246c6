import { ValenceError } from '@valence/schemas'
import { readConfig } from '../../config/config.ts'
import { redactUrl } from '../../config/redaction.ts'
import type { GraphSpec } from '../../inference/graph-session.ts'
import { loadModel } from '../../model/load-model.ts'
import { isUri } from '../../model/model-location.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { writeJson, writeLines } from '../output.ts'
import { openProgress } from '../progress.ts'

/** `model pull [URI]`: brings a model into the store, verified and proved by its golden scores; the configured one unless a URI is given. */
export async function runModelPull(
  context: CliContext,
  options: CommandOptions,
  [given]: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const uri = given ?? config.model
  if (!isUri(uri))
    throw new ValenceError('VAL_USAGE_INVALID', `${redactUrl(uri)} is no file:, https: or s3: URI of a model.json`)
  const { openSupply } = await import('../../model/supply/open-supply.ts')
  const { createWorkerPool } = await import('../../inference/worker-pool.ts')
  const progress = await openProgress(context.stderr, 'bytes')
  progress.start(undefined)
  let fetchedBytes = 0
  const supply = await openSupply(uri, config, (bytes) => {
    fetchedBytes += bytes
    progress.update(fetchedBytes, fetchedBytes)
  })
  const model = await supply.pull(context.signal).finally(() => progress[Symbol.dispose]())
  // Accepted is what has proved itself: the day the registry is away a process starts with it.
  const openBackend = (graph: GraphSpec) =>
    createWorkerPool(graph, { workers: 1, timeoutMs: config.inferenceTimeoutMs })
  const proven = await loadModel(model.folder, openBackend, context.signal)
  await proven.close()
  await supply.accept(model)
  const { digest, folder, manifest } = model
  const { name, version } = manifest
  if (options.json) await writeJson(context.stdout, { name, version, digest, folder, fetchedBytes, uri: supply.uri })
  else {
    const fetched = fetchedBytes === 0 ? 'was in the store' : `fetched ${(fetchedBytes / 1e6).toFixed(1)} MB`
    await writeLines(context.stdout, [`${name} ${version}  ${digest.slice(0, 12)}: ${fetched}`, folder])
  }
  return 0
}
