import type { ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import type { InputFile } from '../../text-files/input-file.ts'
import { produceLines } from './produce-lines.ts'
import type { ProduceOptions, ProduceWatch } from './produce-run.ts'
import { produceTexts } from './produce-texts.ts'

/** Counts for the part of the file that was read. */
export interface Produced {
  readonly produced: number
  readonly rejected: number
  readonly seconds: number
}

/** Sends the lines of a file to an existing topic. */
export class FileProducer {
  readonly #config: Config
  readonly #options: ProduceOptions
  readonly #watch: ProduceWatch
  readonly #startedAt = performance.now()
  #produced = 0
  #rejected = 0

  constructor(config: Config, options: ProduceOptions, watch: ProduceWatch) {
    this.#config = config
    this.#options = options
    this.#watch = watch
  }

  /** Counts so far; also correct after an error. */
  get summary(): Produced {
    const seconds = Number(((performance.now() - this.#startedAt) / 1_000).toFixed(3))
    return { produced: this.#produced, rejected: this.#rejected, seconds }
  }

  /** @throws VAL_KAFKA_*, VAL_PRODUCER_FAILED, VAL_REGISTRY_UNAVAILABLE */
  async run(file: InputFile): Promise<void> {
    const { signal, progress, onProblem } = this.#watch
    progress.start(file.totalBytes)
    const listener = {
      signal,
      onProblem: (line: number, error: ValenceError) => {
        this.#rejected += 1
        onProblem(line, error)
      },
      onProduced: (count: number, end: number) => {
        this.#produced += count
        progress.update(end, this.#produced)
      },
    }
    const produce = this.#options.raw ? produceLines : produceTexts
    await produce(this.#config, this.#options, file, listener)
  }
}
