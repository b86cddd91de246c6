/** Prints the table of `make coverage`: node testing/runs/print-coverage.ts coverage/coverage-summary.json */
import { readFileSync } from 'node:fs'
import { coverageTable } from './coverage-table.ts'

const [path = ''] = process.argv.slice(2)
process.stdout.write(coverageTable(JSON.parse(readFileSync(path, 'utf8')), process.cwd()))
