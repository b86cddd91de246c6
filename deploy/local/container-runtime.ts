import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Whether a variable, a settings file or a socket refers to a Docker engine. Does not check that the engine answers,
 * because that is slow.
 */
export function mayHaveContainerRuntime(environment: NodeJS.ProcessEnv = process.env): boolean {
  const { DOCKER_HOST, DOCKER_CONTEXT, TESTCONTAINERS_HOST_OVERRIDE, XDG_RUNTIME_DIR, HOME } = environment
  if (DOCKER_HOST || DOCKER_CONTEXT || TESTCONTAINERS_HOST_OVERRIDE) return true
  const home = HOME || homedir()
  const places = [
    '/var/run/docker.sock',
    join(home, '.testcontainers.properties'),
    join(home, '.docker', 'run', 'docker.sock'),
    join(home, '.docker', 'desktop', 'docker.sock'),
    join(XDG_RUNTIME_DIR || `/run/user/${process.getuid?.()}`, 'docker.sock'),
  ]
  return places.some((place) => existsSync(place))
}
