import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repositoryRoot } from './repository.ts'

/** Runs a rehearsal to its end; what it prints with --json. */
export async function runRehearsal<T>(script: string, ...args: string[]): Promise<T> {
  const program = ['--conditions=@valence/source', join(repositoryRoot, script), ...args, '--json']
  const { stdout } = await promisify(execFile)(process.execPath, program, { maxBuffer: 1 << 24 })
  return JSON.parse(stdout) as T
}
