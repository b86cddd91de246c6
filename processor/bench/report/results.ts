import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { publish } from './publish.ts'

/** Options of every bench: without them the results are printed only, and no tracked file changes. */
export const resultOptions = { json: { type: 'string' }, publish: { type: 'boolean', default: false } } as const

/**
 * Writes a report to the file of --json and, with --publish, to docs/lab and every page that is made of it.
 *
 * @param name of the data file in docs/lab, without `.json`
 */
export async function writeResults(
  name: string,
  report: unknown,
  options: { readonly json?: string | undefined; readonly publish: boolean },
): Promise<void> {
  const data = `${JSON.stringify(report, null, 2)}\n`
  if (options.json !== undefined) await writeFile(options.json, data)
  if (!options.publish) return
  await writeFile(fileURLToPath(new URL(`../../../docs/lab/${name}.json`, import.meta.url)), data)
  await publish()
}
