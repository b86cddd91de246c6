import { readConfig } from '../../config/config.ts'
import { ModelStore } from '../../model/supply/model-store.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { writeJson, writeLines } from '../output.ts'
import { formatTable } from '../table.ts'

/** `model list`: lists the models in the store, most recently used first. */
export async function runModelList(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const { modelStore } = readConfig(context.environment)
  const models = (await new ModelStore(modelStore).list()).map(({ digest, folder, manifest, usedAt }) => ({
    name: manifest.name,
    version: manifest.version,
    digest,
    bytes: Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0),
    usedAt: new Date(usedAt).toISOString(),
    folder,
  }))
  if (options.json) await writeJson(context.stdout, { store: modelStore, models })
  else if (models.length === 0) await writeLines(context.stdout, [`no models in ${modelStore}`])
  else {
    const columns = [
      { title: 'NAME' },
      { title: 'VERSION' },
      { title: 'DIGEST' },
      { title: 'MB', align: 'right' as const },
    ]
    const rows = models.map(({ name, version, digest, bytes, usedAt }) => [
      name,
      version,
      digest.slice(0, 12),
      (bytes / 1e6).toFixed(1),
      usedAt,
    ])
    await writeLines(context.stdout, formatTable([...columns, { title: 'LAST USED' }], rows))
  }
  return 0
}
