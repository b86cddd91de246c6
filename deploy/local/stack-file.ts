import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url))

/** Record of a running stack. */
export interface StackRecord {
  /** Process id of the stack's daemon. */
  readonly pid: number
  readonly provider: string
  readonly environment: Readonly<Record<string, string>>
}

/** `.stack/` in the repository root: the settings for using a running stack, and its record for stopping it. */
export class StackFile {
  readonly root: string
  readonly folder: string
  readonly environmentFile: string
  readonly log: string
  readonly lock: string
  readonly #record: string

  constructor(root: string = repositoryRoot) {
    this.root = root
    this.folder = join(root, '.stack')
    this.environmentFile = join(this.folder, 'env')
    this.log = join(this.folder, 'log')
    this.lock = join(this.folder, 'lock')
    this.#record = join(this.folder, 'stack.json')
  }

  async create(): Promise<void> {
    await mkdir(this.folder, { recursive: true })
  }

  /** The record is written last: if it exists, the environment file is complete. */
  async write(record: StackRecord): Promise<void> {
    const lines = Object.entries(record.environment).map(([name, value]) => `${name}=${value}\n`)
    await writeFile(this.environmentFile, lines.join(''))
    await writeFile(this.#record, JSON.stringify(record))
  }

  async read(): Promise<StackRecord | undefined> {
    try {
      return JSON.parse(await readFile(this.#record, 'utf8')) as StackRecord
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}
