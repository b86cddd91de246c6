import { randomUUID } from 'node:crypto'
import { chmod, copyFile, link, mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ValenceError } from '@valence/schemas'
import { lock } from 'proper-lockfile'
import type { ModelFile } from './download.ts'
import { storeFailure } from './store-failure.ts'
import { digestIfThere } from './stored-file.ts'

/** Downloads the file to the given path; when this resolves, the file is whole and verified. */
export type FetchFile = (file: ModelFile, path: string, signal: AbortSignal) => Promise<void>

/** A lock that has not been renewed for this long belongs to a dead process. Chosen, not measured. */
const staleMs = 15_000
/** Polling interval for a lock that another process holds. Chosen, not measured. */
const waitMs = 100

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** Files by their digest: `blobs/<sha256>`, complete or absent. Downloads in progress are in `partial/`. */
export class BlobStore {
  readonly #blobs: string
  readonly #partial: string

  constructor(folder: string) {
    this.#blobs = join(folder, 'blobs')
    this.#partial = join(folder, 'partial')
  }

  /** Ensures that the blob exists and is whole; one process downloads it while the others wait. */
  async add(file: ModelFile, fetch: FetchFile, signal: AbortSignal): Promise<void> {
    for (const folder of [this.#blobs, this.#partial])
      await mkdir(folder, { recursive: true }).catch(storeFailure(folder))
    const lost = new AbortController()
    const either = AbortSignal.any([signal, lost.signal])
    while (!(await this.#isWhole(file))) {
      const release = await this.#tryLock(join(this.#partial, file.sha256), lost)
      if (!release) {
        await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted())
        continue
      }
      try {
        if (await this.#isWhole(file)) return
        const partial = await this.#takeUp(file)
        await fetch(file, partial, either)
        lost.signal.throwIfAborted()
        await chmod(partial, 0o444).catch(storeFailure(partial))
        await rename(partial, join(this.#blobs, file.sha256)).catch(storeFailure(partial))
      } finally {
        await release().catch(() => undefined)
      }
    }
  }

  /** Verifies the file: it may have been damaged after the download. */
  async #isWhole({ sha256 }: ModelFile): Promise<boolean> {
    const path = join(this.#blobs, sha256)
    const found = await digestIfThere(path)
    if (found === undefined) return false
    if (found.sha256 === sha256) return true
    await this.drop(sha256)
    return false
  }

  /**
   * A partial file that continues an earlier process's download. It is copied: a stalled process that resumes then
   * writes to an unlinked inode.
   */
  async #takeUp(file: ModelFile): Promise<string> {
    const names = await readdir(this.#partial).catch(storeFailure(this.#partial))
    const left = names
      .filter((name) => name === file.sha256 || name.startsWith(`${file.sha256}.part-`))
      .map((name) => join(this.#partial, name))
    const sizes = await Promise.all(left.map((path) => sizeOf(path)))
    const largest = left[sizes.indexOf(Math.max(...sizes))]
    await this.#checkSpace(file, Math.max(0, ...sizes))
    const own = join(this.#partial, `${file.sha256}.part-${randomUUID()}`)
    if (largest !== undefined) {
      await copyFile(largest, own).catch(storeFailure(own))
      await chmod(own, 0o644).catch(storeFailure(own))
    }
    for (const path of left) await rm(path, { force: true }).catch(storeFailure(path))
    return own
  }

  /** Puts the blob into a folder under its name in the manifest, by a hard link if possible, else by a copy. */
  async place(file: ModelFile, folder: string): Promise<void> {
    const [blob, target] = [join(this.#blobs, file.sha256), join(folder, file.path)]
    if (await exists(target)) return
    await link(blob, target).catch(() => copyFile(blob, target).catch(storeFailure(target)))
  }

  /** Removes a blob, for example a damaged one. */
  async drop(sha256: string): Promise<void> {
    // Renamed first, so that a half-removed blob cannot be found.
    const away = join(this.#partial, `${sha256}.${randomUUID()}`)
    await rename(join(this.#blobs, sha256), away).catch(() => undefined)
    await rm(away, { force: true })
  }

  /** Removes blobs that no model links to, and abandoned downloads. */
  async sweep(olderThanMs: number): Promise<void> {
    const isOld = (time: number) => Date.now() - time > olderThanMs
    for (const name of await readdir(this.#blobs).catch(() => [])) {
      const found = await stat(join(this.#blobs, name)).catch(() => undefined)
      if (found && found.nlink === 1 && isOld(found.ctimeMs)) await this.drop(name)
    }
    for (const name of await readdir(this.#partial).catch(() => [])) {
      const found = await stat(join(this.#partial, name)).catch(() => undefined)
      if (found?.isFile() && isOld(found.mtimeMs)) await rm(join(this.#partial, name), { force: true })
    }
  }

  async #tryLock(path: string, lost: AbortController): Promise<(() => Promise<void>) | undefined> {
    const onCompromised = () =>
      lost.abort(new ValenceError('VAL_MODEL_STORE_UNAVAILABLE', `${path}: the lock was lost`))
    try {
      return await lock(path, { realpath: false, stale: staleMs, onCompromised })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined
      return storeFailure(path)(error)
    }
  }

  async #checkSpace(file: ModelFile, present: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#partial).catch(storeFailure(this.#partial))
    const wanted = file.bytes - present
    if (wanted <= bavail * bsize) return
    const detail = `${file.path} needs ${wanted} bytes more, ${bavail * bsize} are free in ${this.#partial}`
    throw new ValenceError('VAL_MODEL_STORE_FULL', detail)
  }
}
