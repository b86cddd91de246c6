import { readConfig } from '../../config/config.ts'
import { createInProcessBackend } from '../../inference/in-process-backend.ts'
import { loadModel } from '../../model/load-model.ts'
import { locateModel } from '../../model/model-location.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { paint, writeJson, writeLines } from '../output.ts'

/** `model verify`: checks files, digests, tokenizer, graph and golden scores; the error names the failed check. */
export async function runModelVerify(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const folder = await locateModel(config.model, config, context.signal)
  const startedAt = performance.now()
  const model = await loadModel(folder, createInProcessBackend)
  const loadMs = Math.round(performance.now() - startedAt)
  await model.close()
  const { ref, manifest } = model
  const golden = manifest.golden.length
  if (options.json) await writeJson(context.stdout, { ok: true, folder, model: ref, golden, loadMs })
  else {
    const verdict = `${paint(context.stdout, 'green', 'ok')}  ${ref.name} ${ref.version} (${ref.sha256})`
    await writeLines(context.stdout, [
      `${verdict}: digests match, ${golden} golden texts match, loaded in ${loadMs} ms`,
    ])
  }
  return 0
}
