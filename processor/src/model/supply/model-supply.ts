import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isValenceError, ValenceError } from '@valence/schemas'
import { redactUrl } from '../../config/redaction.ts'
import { type ModelManifest, parseManifest } from '../manifest.ts'
import { downloadFile } from './download.ts'
import { type ModelSource, maxManifestBytes } from './model-source.ts'
import { digestOf, type ManifestFiles, type ModelStore, type StoredModel } from './model-store.ts'
import { type DownloadLimits, retryRequest, withDeadline } from './registry-limits.ts'
import { verifySignature } from './signature.ts'

export interface ModelSupplyOptions {
  readonly uri: string
  readonly source: ModelSource
  readonly store: ModelStore
  /** Maximum size of all files of a model together. */
  readonly maxBytes: number
  readonly limits: DownloadLimits
  /** Time limit from the manifest to the last byte. */
  readonly timeoutMs: number
  /** Public key; if set, every manifest must be signed with its private key. */
  readonly publicKey?: KeyObject | undefined
  readonly retryMs?: number
  readonly onBytes?: (bytes: number) => void
}

/** Downloads the models of one manifest URI into the store. */
export class ModelSupply {
  /** The URI without credentials, safe to print. */
  readonly uri: string
  readonly #options: ModelSupplyOptions
  /** The manifest of the last completely downloaded model. */
  #known: { readonly version: string; readonly digest: string } | undefined

  constructor(options: ModelSupplyOptions) {
    this.#options = options
    this.uri = redactUrl(options.uri)
  }

  /**
   * Downloads the URI's current model into the store. If nothing changed, this costs one conditional request.
   * @throws VAL_MODEL_*; models stored before are not affected
   */
  async pull(outer: AbortSignal): Promise<StoredModel> {
    const { timeoutMs } = this.#options
    return withDeadline(timeoutMs, this.uri, outer, async (signal) => {
      const known = this.#known
      const present = known && (await this.#options.store.peek(known.digest))
      const found = await this.#request(
        (either) => this.#options.source.readManifest(present ? known.version : undefined, either),
        signal,
      )
      if (!found) return present as StoredModel
      const model = await this.#bringIn(await this.#signed(found.bytes, signal), signal)
      this.#known = found.version === undefined ? undefined : { version: found.version, digest: model.digest }
      return model
    })
  }

  /** Drops cached knowledge: the next pull requests the manifest unconditionally and verifies each file. */
  invalidate(): void {
    this.#known = undefined
  }

  /** Records the model as the last good one, for starts while the registry is unreachable. */
  accept({ digest }: StoredModel): Promise<void> {
    return this.#options.store.remember(this.#options.uri, digest)
  }

  /** The last accepted model, if it is still whole and correctly signed. */
  async lastGood(): Promise<StoredModel | undefined> {
    const { store, uri, publicKey } = this.#options
    const digest = await store.recall(uri)
    const model = digest === undefined ? undefined : await store.find(digest)
    if (!model || !publicKey) return model
    return (await this.#isSigned(model, publicKey)) ? model : undefined
  }

  async #isSigned({ digest, folder }: StoredModel, key: KeyObject): Promise<boolean> {
    try {
      verifySignature(await readFile(join(folder, 'model.json')), await this.#options.store.readSignature(digest), key)
      return true
    } catch (error) {
      if (isValenceError(error)) return false
      throw error
    }
  }

  #request<T>(action: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { limits, retryMs } = this.#options
    const limitMs = limits.connectMs + limits.idleMs
    return retryRequest(() => withDeadline(limitMs, this.uri, signal, action), signal, retryMs)
  }

  async #signed(bytes: Buffer, signal: AbortSignal): Promise<ManifestFiles> {
    const { publicKey, source } = this.#options
    if (bytes.length > maxManifestBytes) throw new ValenceError('VAL_MODEL_TOO_LARGE', 'the manifest itself')
    if (!publicKey) return { bytes, signature: undefined }
    const signature = await this.#request((either) => source.readSignature(either), signal)
    verifySignature(bytes, signature, publicKey)
    return { bytes, signature }
  }

  async #bringIn(files: ManifestFiles, signal: AbortSignal): Promise<StoredModel> {
    const { store, source, limits, retryMs, onBytes } = this.#options
    const manifest = parseManifest(files.bytes.toString('utf8'))
    this.#checkSize(manifest)
    const present = await store.find(digestOf(files.bytes))
    if (present) {
      if (files.signature) await store.keepSignature(present.digest, files.signature)
      return present
    }
    const download = { source, limits, ...(retryMs && { retryMs }), ...(onBytes && { onBytes }) }
    return store.add(files, (file, path, either) => downloadFile(file, path, { ...download, signal: either }), signal)
  }

  #checkSize({ files }: ModelManifest): void {
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0)
    if (bytes <= this.#options.maxBytes) return
    throw new ValenceError('VAL_MODEL_TOO_LARGE', `${bytes} bytes, the limit is ${this.#options.maxBytes}`)
  }
}
