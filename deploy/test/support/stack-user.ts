/** Starts a whole stack, prints its ids, and waits to be killed. */
import { execFileSync } from 'node:child_process'
import { startLocalStack } from '../../local/stack.ts'

const stack = await startLocalStack()
const group = execFileSync('ps', ['-eo', 'pid=,ppid=,pgid='], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/).map(Number))
const supervisor = group.find(([pid, ppid, pgid]) => ppid === process.pid && pid === pgid)?.[0]
const pids = group.filter(([, , pgid]) => pgid === supervisor).map(([pid]) => pid)
process.stdout.write(`${JSON.stringify({ pids, environment: stack.environment })}\n`)
setInterval(() => {}, 1000)
