import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/** Told which processes run; when whoever told it is gone, however it ended, it kills them. */
const script = `
pids=' '
while read -r change pid; do
  case $change in
    +) pids="$pids$pid " ;;
    -) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
[ "$pids" = ' ' ] || kill -9 $pids`

let reaper: ChildProcess | undefined

/** The process ends when this one does: by its end, an interrupted run, or SIGKILL. */
export function endWithWorker(child: ChildProcess): void {
  if (child.pid === undefined) return
  if (reaper === undefined) {
    // In a group of its own, which a Ctrl-C does not reach.
    reaper = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
    reaper.unref()
    ;(reaper.stdin as Socket).unref()
  }
  const { stdin } = reaper
  stdin?.write(`+ ${child.pid}\n`)
  child.once('exit', () => stdin?.write(`- ${child.pid}\n`))
}
