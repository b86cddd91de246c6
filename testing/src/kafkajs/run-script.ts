import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Runs a script in a process of its own, on source, and returns what it prints, as JSON. Stock kafkajs and the overlay
 * cannot live in one process.
 *
 * @param script its `file:` URL
 */
export async function runScript<Result>(script: URL | string, options: object): Promise<Result> {
  const path = fileURLToPath(script)
  const args = ['--conditions=@valence/source', '--no-warnings', path, JSON.stringify(options)]
  const { stdout } = await run(process.execPath, args, { timeout: 60_000, maxBuffer: 1 << 26 })
  return JSON.parse(stdout) as Result
}
