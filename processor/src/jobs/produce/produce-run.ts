import type { ValenceError } from '@valence/schemas'
import type { FileFormat } from '../../text-files/input-file.ts'
import type { Job } from '../job.ts'

/** Options of a run. */
export interface ProduceOptions {
  readonly path: string
  readonly topic: string
  readonly format: FileFormat
  readonly key: string | undefined
  readonly raw: boolean
  /** Texts per second; undefined means as fast as the broker takes them. */
  readonly rate: number | undefined
}

/** Callbacks of a run, and the signal that ends it early. */
export interface ProduceWatch extends Pick<Job, 'signal' | 'progress'> {
  /** Called for each line that is not produced. */
  readonly onProblem: (line: number, error: ValenceError) => void
}

/** Callbacks for the sending of lines or texts. */
export interface ProduceListener extends Pick<ProduceWatch, 'signal' | 'onProblem'> {
  /** `count` more records were acknowledged; the last line ends at byte `end` of the file. */
  readonly onProduced: (count: number, end: number) => void
}
