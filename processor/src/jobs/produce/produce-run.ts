import type { ValenceError } from '@valence/schemas'
import type { FileFormat } from '../../text-files/input-file.ts'
import type { Job } from '../job.ts'

/** What a run is told to do. */
export interface ProduceOptions {
  readonly path: string
  readonly topic: string
  readonly format: FileFormat
  readonly key: string | undefined
  readonly raw: boolean
  /** Texts per second; undefined means as fast as the broker takes them. */
  readonly rate: number | undefined
}

/** Who is told of a run while it goes on, and the signal that ends it early. */
export interface ProduceWatch extends Pick<Job, 'signal' | 'progress'> {
  /** A line that is not produced. */
  readonly onProblem: (line: number, error: ValenceError) => void
}

/** What the sending of lines or texts tells. */
export interface ProduceListener extends Pick<ProduceWatch, 'signal' | 'onProblem'> {
  /** So many more were acknowledged, up to the line that ends at this byte of the file. */
  readonly onProduced: (count: number, end: number) => void
}
