import type { FileFormat } from '../../text-files/input-file.ts'
import type { LineProblems } from '../line-problems.ts'

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

/** What a run tells while it goes on. */
export interface ProduceWatch {
  readonly signal: AbortSignal
  readonly problems: LineProblems
  /** So many more were acknowledged, up to the line that ends at this byte of the file. */
  onProduced(count: number, end: number): void
}
