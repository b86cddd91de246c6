import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { repositoryRoot } from './repository.ts'

function onPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)))
}

/** Debian: `apt-get install prometheus prometheus-alertmanager`. What needs one is skipped where it is missing. */
export const hasPromtool = onPath('promtool')
export const hasAmtool = onPath('amtool')

const run = promisify(execFile)

/** Runs a tool in the repository; resolves with all that it wrote, and rejects with it where it fails. */
export async function runTool(name: 'promtool' | 'amtool', ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(name, args, { cwd: repositoryRoot }).catch((error) => {
    throw new Error(`${name} ${args.join(' ')}\n${error.stdout}${error.stderr}`, { cause: error })
  })
  return stdout + stderr
}
