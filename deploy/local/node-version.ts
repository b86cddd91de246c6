import { StackError } from './stack-error.ts'

/** First release line that runs TypeScript without a build, which the supervisor and the daemon need. */
const oldest = { major: 22, minor: 18 }

/** @throws StackError if this Node.js version cannot run the processes of the stack */
export function assertNodeVersion(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return
  throw new StackError(`The local stack needs Node.js ${oldest.major}.${oldest.minor} or newer, this is ${version}`, [
    'run it through make, npm or npx, which take the Node.js that the repository installs',
    'or directly: node_modules/.bin/node deploy/local/cli.ts up',
  ])
}
