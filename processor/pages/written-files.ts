import { manifestJsonSchema } from '../src/model/manifest.ts'
import { errorTables } from './error-tables.ts'
import { httpContractModule } from './http-contract-module.ts'
import { metricsTables } from './metrics-tables.ts'
import { settingsTables } from './settings-tables.ts'
import { visiblePatternModule } from './visible-pattern-module.ts'
import { type WrittenFile, withSection } from './written-file.ts'

/** Everything that `make pages` writes from the code of the processor. */
export const writtenFiles: readonly WrittenFile[] = [
  { path: 'docs/configuration.md', text: (page) => withSection(page, 'settings', settingsTables()) },
  { path: 'docs/metrics.md', text: (page) => withSection(page, 'metrics', metricsTables()) },
  { path: 'docs/errors.md', text: (page) => withSection(page, 'errors', errorTables()) },
  { path: 'processor/model/model.schema.json', text: () => `${JSON.stringify(manifestJsonSchema(), null, 2)}\n` },
  { path: 'processor/src/http/contract/visible-pattern.ts', text: visiblePatternModule },
  { path: 'producer-sdk/src/client/contract.ts', text: httpContractModule },
]
