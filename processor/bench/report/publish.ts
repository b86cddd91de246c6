import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeAnew } from '../../pages/written-file.ts'
import { writtenFiles } from '../../pages/written-files.ts'
import { readMeasurements } from './measurements.ts'
import { plotMeasurements } from './plot.ts'

/** The plots of docs/lab/benchmarks.md, and every page with figures, out of the data in docs/lab. */
export async function publish(): Promise<void> {
  const plots = fileURLToPath(new URL('../../../docs/lab/benchmarks.svg', import.meta.url))
  writeFileSync(plots, plotMeasurements(readMeasurements()))
  await writeAnew(writtenFiles)
}

if (import.meta.main) await publish()
