import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { sizingPage } from './sizing/sizing.ts'

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })
const measured = JSON.parse(readFileSync(new URL('../../docs/lab/benchmarks.json', import.meta.url), 'utf8'))
const section = sizingPage(measured)
if (values.write) {
  const path = new URL('../../docs/scale.md', import.meta.url)
  const page = readFileSync(path, 'utf8')
  writeFileSync(path, page.replace(/(<!-- sizing -->\n\n)[\s\S]*?(\n\n<!-- \/sizing -->)/, `$1${section}$2`))
} else process.stdout.write(`${section}\n`)
