import { ValenceError } from '@valence/schemas'
import { readConfig } from '../../config/config.ts'
import { redactUrl } from '../../config/redaction.ts'
import type { GraphSpec } from '../../inference/graph-session.ts'
import { createWorkerPool } from '../../inference/worker-pool.ts'
import { isUri } from '../../model/model-location.ts'
import { pullModel } from '../../model/supply/pull-model.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { writeAnswer } from '../output.ts'
import { openProgress } from '../progress.ts'

/** `model pull [URI]`: fetches a model (default: the configured one) into the store and checks its golden scores. */
export async function runModelPull(
  context: CliContext,
  options: CommandOptions,
  [given]: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const uri = given ?? config.model
  if (!isUri(uri))
    throw new ValenceError('VAL_USAGE_INVALID', `${redactUrl(uri)} is no file:, https: or s3: URI of a model.json`)
  const progress = await openProgress(context.stderr, 'bytes')
  progress.start(undefined)
  const pulled = await pullModel(uri, config, {
    openBackend: (graph: GraphSpec) => createWorkerPool(graph, { workers: 1, timeoutMs: config.inferenceTimeoutMs }),
    signal: context.signal,
    onFetched: (bytes) => progress.update(bytes, bytes),
  }).finally(() => progress[Symbol.dispose]())
  const { fetchedBytes } = pulled
  const { digest, folder, manifest } = pulled.model
  const { name, version } = manifest
  await writeAnswer(context, options, { name, version, digest, folder, fetchedBytes, uri: pulled.uri }, () => {
    const fetched = fetchedBytes === 0 ? 'was in the store' : `fetched ${(fetchedBytes / 1e6).toFixed(1)} MB`
    return [`${name} ${version}  ${digest.slice(0, 12)}: ${fetched}`, folder]
  })
  return 0
}
