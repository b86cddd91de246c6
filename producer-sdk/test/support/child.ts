import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Runs a script of this folder in a process of its own, on source, and returns what it prints, as JSON. Stock kafkajs and
 * the overlay cannot live in one process.
 */
export async function runScript<Result>(script: string, options: object): Promise<Result> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const args = ['--conditions=@valence/source', '--no-warnings', path, JSON.stringify(options)]
  const { stdout } = await run(process.execPath, args, { timeout: 60_000, maxBuffer: 1 << 26 })
  return JSON.parse(stdout) as Result
}
