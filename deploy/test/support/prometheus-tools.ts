import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { onPath } from './on-path.ts'
import { repositoryRoot } from './repository.ts'

/** Debian: `apt-get install prometheus prometheus-alertmanager`. What needs one is skipped where it is missing. */
export const hasPromtool = onPath('promtool')
export const hasPrometheus = onPath('prometheus')
export const hasAmtool = onPath('amtool')

const run = promisify(execFile)

/** Runs a tool in the repository; resolves with all that it wrote, and rejects with it where it fails. */
export async function runTool(name: 'promtool' | 'amtool', ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(name, args, { cwd: repositoryRoot }).catch((error) => {
    throw new Error(`${name} ${args.join(' ')}\n${error.stdout}${error.stderr}`, { cause: error })
  })
  return stdout + stderr
}
