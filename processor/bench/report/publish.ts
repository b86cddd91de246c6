import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readMeasurements } from './measurements.ts'
import { benchmarksPage, performanceParagraph } from './page.ts'
import { plotMeasurements } from './plot.ts'

const document = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url))
const block = /(<!-- performance -->\n)[\s\S]*?(\n<!-- \/performance -->)/

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

/** docs/lab/benchmarks.md, its plots and the README's paragraph, out of the data beside the page. */
export function publish(): void {
  const measurements = readMeasurements()
  writeFileSync(document('docs/lab/benchmarks.md'), benchmarksPage(measurements))
  writeFileSync(document('docs/lab/benchmarks.svg'), plotMeasurements(measurements))
  const readme = readFileSync(document('README.md'), 'utf8')
  const paragraph = wrap(performanceParagraph(measurements))
  writeFileSync(
    document('README.md'),
    readme.replace(block, (_, begin, end) => `${begin}${paragraph}${end}`),
  )
}

if (import.meta.main) publish()
