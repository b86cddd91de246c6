import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ValenceError } from '@valence/schemas'
import { redactUrl } from '../../config/redaction.ts'
import { type ModelManifest, parseManifest } from '../manifest.ts'
import { BlobStore, type FetchFile } from './blob-store.ts'
import { storeFailure } from './store-failure.ts'
import { digestIfThere, readIfThere } from './stored-file.ts'

/** A complete model in the store, verified when it was stored. */
export interface StoredModel {
  /** sha256 of the bytes of its manifest, 64 hex digits. */
  readonly digest: string
  readonly folder: string
  readonly manifest: ModelManifest
  /** Time of the last use, epoch milliseconds. */
  readonly usedAt: number
}

/** The manifest as received, with its signature. */
export interface ManifestFiles {
  readonly bytes: Buffer
  readonly signature: Buffer | undefined
}

const dayMs = 24 * 60 * 60 * 1_000

export function digestOf(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * Models on disk by the digest of their manifest: `models/<digest>/` holds model.json, its signature and its files. A
 * model becomes visible by one rename after everything is verified, so several processes can share a store and none
 * sees a partial model. Each method throws VAL_MODEL_STORE_UNAVAILABLE or VAL_MODEL_STORE_FULL.
 */
export class ModelStore {
  readonly folder: string
  readonly #shelf: BlobStore

  constructor(folder: string) {
    this.folder = folder
    this.#shelf = new BlobStore(folder)
  }

  #modelFolder(digest: string): string {
    return join(this.folder, 'models', digest)
  }

  #refPath(uri: string): string {
    return join(this.folder, 'refs', `${digestOf(uri)}.json`)
  }

  /** The model if it is stored and undamaged; a damaged one is removed, so that it is downloaded again. */
  async find(digest: string): Promise<StoredModel | undefined> {
    const model = await this.peek(digest)
    if (!model) {
      const bytes = await readIfThere(join(this.#modelFolder(digest), 'model.json'))
      // It appeared meanwhile, or another version of Valence wrote it.
      if (bytes && digestOf(bytes) === digest) return undefined
      const isThere = await stat(this.#modelFolder(digest)).then(Boolean, () => false)
      if (isThere) await this.discard(digest)
      return undefined
    }
    const files = Object.values(model.manifest.files)
    const found = await Promise.all(files.map(({ path }) => digestIfThere(join(model.folder, path))))
    const damaged = files.filter(({ sha256 }, index) => found[index]?.sha256 !== sha256)
    if (damaged.length === 0) return model
    await this.discard(digest)
    for (const { sha256 } of damaged) await this.#shelf.drop(sha256)
    return undefined
  }

  /** Downloads missing files and makes the whole model visible. */
  async add({ bytes, signature }: ManifestFiles, fetch: FetchFile, signal: AbortSignal): Promise<StoredModel> {
    const [digest, manifest] = [digestOf(bytes), parseManifest(bytes.toString('utf8'))]
    const files = Object.values(manifest.files)
    for (const file of files) await this.#shelf.add(file, fetch, signal)
    const staging = join(this.folder, 'staging', randomUUID())
    try {
      await mkdir(staging, { recursive: true }).catch(storeFailure(staging))
      for (const file of files) await this.#shelf.place(file, staging)
      await this.#write(join(staging, 'model.json'), bytes)
      if (signature) await this.#write(join(staging, 'model.json.sig'), signature)
      await mkdir(join(this.folder, 'models'), { recursive: true }).catch(storeFailure(this.folder))
      await this.#publish(staging, this.#modelFolder(digest))
    } finally {
      await rm(staging, { recursive: true, force: true })
    }
    const model = await this.peek(digest)
    if (!model)
      throw new ValenceError(
        'VAL_MODEL_STORE_UNAVAILABLE',
        `${this.#modelFolder(digest)} was removed right after it was stored`,
      )
    return model
  }

  async readSignature(digest: string): Promise<Buffer | undefined> {
    return readFile(join(this.#modelFolder(digest), 'model.json.sig')).catch(() => undefined)
  }

  /** Stores a signature beside an existing manifest, for example one by a new key. */
  async keepSignature(digest: string, signature: Buffer): Promise<void> {
    const path = join(this.#modelFolder(digest), 'model.json.sig')
    if ((await readIfThere(path))?.equals(signature)) return
    await this.#replace(path, signature)
  }

  /** Records the model as the last good one of this URI. */
  async remember(uri: string, digest: string): Promise<void> {
    const path = this.#refPath(uri)
    await mkdir(join(this.folder, 'refs'), { recursive: true }).catch(storeFailure(path))
    await this.#replace(path, Buffer.from(JSON.stringify({ uri: redactUrl(uri), digest })))
  }

  async #replace(path: string, bytes: Buffer): Promise<void> {
    const fresh = `${path}.${randomUUID()}`
    try {
      await this.#write(fresh, bytes)
      await rename(fresh, path).catch(storeFailure(path))
    } finally {
      await rm(fresh, { force: true }).catch(() => undefined)
    }
  }

  /** Digest of the last good model of this URI; a damaged record counts as none. */
  async recall(uri: string): Promise<string | undefined> {
    try {
      const { digest } = JSON.parse(await readFile(this.#refPath(uri), 'utf8')) as { digest: unknown }
      return typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest) ? digest : undefined
    } catch {
      return undefined
    }
  }

  /** Marks the model as in use for other processes. */
  async touch(digest: string): Promise<void> {
    const now = new Date()
    await utimes(this.#modelFolder(digest), now, now).catch(storeFailure(this.#modelFolder(digest)))
  }

  /** The stored models, last used first. */
  async list(): Promise<StoredModel[]> {
    const names = await readdir(join(this.folder, 'models')).catch(() => [])
    const models = await Promise.all(names.map((name) => this.peek(name)))
    return models.filter((model) => model !== undefined).sort((a, b) => b.usedAt - a.usedAt)
  }

  /** Removes models that are not among the `keep` last used ones and unused for `idleMs`, and unreferenced files. */
  async prune(keep: number, idleMs = dayMs): Promise<void> {
    const models = await this.list()
    const old = models.slice(keep).filter(({ usedAt }) => Date.now() - usedAt > idleMs)
    for (const { digest } of old) await this.discard(digest)
    await this.#shelf.sweep(idleMs)
    const staging = join(this.folder, 'staging')
    for (const name of await readdir(staging).catch(() => [])) {
      const path = join(staging, name)
      const found = await stat(path).catch(() => undefined)
      if (found && Date.now() - found.mtimeMs > idleMs) await rm(path, { recursive: true, force: true })
    }
  }

  /** Hides the model by one rename, then removes it. */
  async discard(digest: string): Promise<void> {
    const away = join(this.folder, 'staging', randomUUID())
    await mkdir(join(this.folder, 'staging'), { recursive: true }).catch(storeFailure(away))
    await rename(this.#modelFolder(digest), away).catch(() => undefined)
    await rm(away, { recursive: true, force: true })
  }

  /** The model if it is stored; its files are not verified. */
  async peek(digest: string): Promise<StoredModel | undefined> {
    const folder = this.#modelFolder(digest)
    try {
      const [bytes, { mtimeMs }] = await Promise.all([readFile(join(folder, 'model.json')), stat(folder)])
      if (digestOf(bytes) !== digest) return undefined
      return { digest, folder, manifest: parseManifest(bytes.toString('utf8')), usedAt: mtimeMs }
    } catch {
      return undefined
    }
  }

  async #write(path: string, bytes: Buffer): Promise<void> {
    await writeFile(path, bytes, { mode: 0o444, flush: true }).catch(storeFailure(path))
  }

  async #publish(staging: string, target: string): Promise<void> {
    try {
      await rename(staging, target)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // Another process was faster and stored the same digest. find() has removed a damaged model before.
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') storeFailure(target)(error)
    }
  }
}
