import { execFile, spawn } from 'node:child_process'
import { platform } from 'node:os'
import { promisify } from 'node:util'

/** In a user and a mount namespace: everything read-only but /tmp, then on as user 1000 without privileges. */
const script = [
  'mount -o remount,ro,bind /',
  'mount -t tmpfs -o size=64m tmpfs /tmp',
  'exec unshare --user --map-user=1000 --map-group=1000 "$@"',
].join(' && ')

const confined = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh']

/** Whether this machine lets an ordinary user make such a place; many containers do not. */
export async function canConfine(): Promise<boolean> {
  if (platform() !== 'linux') return false
  return promisify(execFile)('unshare', [...confined, 'true']).then(
    () => true,
    () => false,
  )
}

/** Starts a program as a container with a read-only root would. A signal to the child reaches the program. */
export function spawnConfined(command: readonly string[], environment: Record<string, string>) {
  return spawn('unshare', [...confined, ...command], { env: environment, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' })
}
