import { overheadLines } from '../bench/overhead/lines.ts'
import { readMeasurements } from '../bench/report/measurements.ts'
import { overlayLines } from '../bench/report/overlay.ts'
import { benchmarksPage, performanceParagraph } from '../bench/report/page.ts'
import { signalTable } from '../bench/signals/table.ts'
import { sizingPage } from '../bench/sizing/sizing.ts'
import { manifestJsonSchema } from '../src/model/manifest.ts'
import { errorTables } from './error-tables.ts'
import { httpContractModule } from './http-contract-module.ts'
import { metricsTables } from './metrics-tables.ts'
import { settingsTables } from './settings-tables.ts'
import { visiblePatternModule } from './visible-pattern-module.ts'
import { readRepositoryFile, type WrittenFile, withSection } from './written-file.ts'

/** A page with a section that is written from the data of a run, which lies in docs/lab. */
function fromData<Report>(path: string, section: string, data: string, write: (report: Report) => string): WrittenFile {
  return {
    path,
    text: async (page) => withSection(page, section, write(JSON.parse(await readRepositoryFile(`docs/lab/${data}`)))),
  }
}

/** Words in lines of at most so many characters. */
function wrap(text: string, width = 120): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}

/** Everything that `make pages` writes from the code and the published data of the processor. */
export const writtenFiles: readonly WrittenFile[] = [
  { path: 'docs/configuration.md', text: (page) => withSection(page, 'settings', settingsTables()) },
  { path: 'docs/metrics.md', text: (page) => withSection(page, 'metrics', metricsTables()) },
  { path: 'docs/errors.md', text: (page) => withSection(page, 'errors', errorTables()) },
  { path: 'docs/lab/benchmarks.md', text: () => benchmarksPage(readMeasurements()) },
  {
    path: 'README.md',
    text: (page) => withSection(page, 'performance', wrap(performanceParagraph(readMeasurements()))),
  },
  fromData('docs/scale.md', 'sizing', 'benchmarks.json', sizingPage),
  fromData('docs/lab/overlay.md', 'overlay', 'overlay.json', overlayLines),
  fromData('docs/lab/overhead.md', 'overhead', 'overhead.json', overheadLines),
  fromData('docs/lab/signals.md', 'signals', 'signals.json', signalTable),
  { path: 'processor/model/model.schema.json', text: () => `${JSON.stringify(manifestJsonSchema(), null, 2)}\n` },
  { path: 'processor/src/http/contract/visible-pattern.ts', text: visiblePatternModule },
  { path: 'producer-sdk/src/client/contract.ts', text: httpContractModule },
]
