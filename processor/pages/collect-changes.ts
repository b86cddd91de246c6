/** `make changelog VERSION=1.2.3`: moves the fragments of docs/changes into CHANGELOG.md as that version. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { withVersion } from './changelog.ts'

const repository = new URL('../../', import.meta.url)
const changelog = fileURLToPath(new URL('CHANGELOG.md', repository))
const folder = new URL('docs/changes/', repository)

const [version = ''] = process.argv.slice(2)
if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error('usage: collect-changes.ts 1.2.3')
const names = readdirSync(folder).filter((name) => name !== 'README.md')
const fragments = names.toSorted().map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))
const date = new Date().toISOString().slice(0, 10)
writeFileSync(changelog, withVersion(readFileSync(changelog, 'utf8'), { version, date, fragments }))
for (const name of names) rmSync(new URL(name, folder))
