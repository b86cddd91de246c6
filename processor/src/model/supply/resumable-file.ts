import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { storeFailure } from './store-failure.ts'

/** A file in download, hashed while it grows. */
export class ResumableFile {
  readonly #file: FileHandle
  #hash: Hash = createHash('sha256')
  size = 0

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Opens the partial file of an earlier attempt, if it is not longer than the expected file. */
  static async open(path: string, limit: number): Promise<ResumableFile> {
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    )
    if (size > limit) await rm(path, { force: true })
    const partial = new ResumableFile(await open(path, 'a').catch(storeFailure(path)))
    if (size > 0 && size <= limit) {
      for await (const chunk of createReadStream(path)) partial.#hash.update(chunk as Buffer)
      partial.size = size
    }
    return partial
  }

  async restart(): Promise<void> {
    await this.#file.truncate(0)
    this.#hash = createHash('sha256')
    this.size = 0
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#file.appendFile(chunk)
    this.#hash.update(chunk)
    this.size += chunk.length
  }

  digest(): string {
    return this.#hash.copy().digest('hex')
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
