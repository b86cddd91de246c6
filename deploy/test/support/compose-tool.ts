import { execFileSync } from 'node:child_process'
import { onPath } from './on-path.ts'
import { repositoryRoot } from './repository.ts'

/** The program of its own, `docker-compose`: to read the file it needs no engine. */
export const hasCompose = onPath('docker-compose')

export function runCompose(...args: string[]): string {
  return execFileSync('docker-compose', args, { cwd: repositoryRoot, encoding: 'utf8' })
}
