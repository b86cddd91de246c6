import { readConfig } from '../../config/config.ts'
import type { ModelManifest } from '../../model/manifest.ts'
import { locateModel } from '../../model/model-location.ts'
import { readManifest } from '../../model/read-manifest.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { writeJson, writeLines } from '../output.ts'
import { formatTable } from '../table.ts'

/** `model show`: prints the manifest of the configured model. */
export async function runModelShow(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const folder = await locateModel(config.model, config, context.signal)
  const manifest = await readManifest(folder)
  if (options.json) await writeJson(context.stdout, { folder, ...manifest })
  else await writeLines(context.stdout, describe(folder, manifest))
  return 0
}

function describe(folder: string, manifest: ModelManifest): string[] {
  const { name, version, description, license, createdAt, labels, maxTokens, files, graph, golden, quality } = manifest
  const facts: [string, string][] = [
    ['model', `${name} ${version}`],
    ['description', description],
    ['licence', license],
    ['created', createdAt],
    ['folder', folder],
    ['labels', labels.map((label) => `${label.name} (${label.polarity})`).join(', ')],
    ['tokens', `at most ${maxTokens} a text`],
    ['graph', `${files.model.path}, ${(files.model.bytes / 1e6).toFixed(1)} MB, ${graph.precision}`],
    ['sha256', files.model.sha256],
    ['golden', `${golden.length} texts`],
  ]
  const width = Math.max(...facts.map(([title]) => title.length))
  return [
    ...facts.filter(([, value]) => value !== '').map(([title, value]) => `${title.padEnd(width)}  ${value}`),
    ...(Object.keys(quality).length > 0 ? ['', 'measured quality', ...qualityLines(quality)] : []),
  ]
}

/** One line per data set with its numeric metrics. */
function qualityLines(quality: Readonly<Record<string, unknown>>): string[] {
  const rows = Object.entries(quality).map(([set, figures]) => [set, ...numbersOf(figures)])
  const columns = Array.from({ length: Math.max(...rows.map((row) => row.length)) }, () => ({ title: '' }))
  return formatTable(columns, rows).slice(1)
}

function numbersOf(figures: unknown): string[] {
  if (typeof figures !== 'object' || figures === null) return [String(figures)]
  return Object.entries(figures).flatMap(([name, value]) => (typeof value === 'number' ? [`${name} ${value}`] : []))
}
