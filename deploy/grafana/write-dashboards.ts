/** `make pages`: generates the dashboards from their source. */
import { writeFile } from 'node:fs/promises'
import { buildDashboards, toFile } from './source/dashboards.ts'

for (const [file, dashboard] of buildDashboards()) {
  await writeFile(new URL(`dashboards/${file}`, import.meta.url), toFile(dashboard))
}
