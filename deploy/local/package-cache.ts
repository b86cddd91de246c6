import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'

/** Folder of downloaded parts, shared by all clones of this user. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'valence', 'local')
}

/**
 * The folder `name` of the cache, filled by `fill` on first use. Two processes that need it at the same time download
 * it
 * once. An interrupted download leaves no folder that looks complete.
 */
export async function cachedFolder(
  name: string,
  fill: (folder: string) => Promise<void>,
  cache: string = cacheFolder(),
): Promise<string> {
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true })
  const release = await lockfile.lock(folder, {
    realpath: false,
    stale: 20_000,
    retries: { forever: true, minTimeout: 200, maxTimeout: 1000 },
  })
  try {
    if (existsSync(folder)) return folder
    const partial = `${folder}.partial`
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial)
    await fill(partial)
    await rename(partial, folder)
    return folder
  } finally {
    await release()
  }
}
