import type { KeeperClient } from './keeper-client.ts'

/** What everything that starts or fetches a part of one stack needs. */
export interface StackContext {
  /** Every process goes through it, downloads included, so that none outlives the stack. */
  readonly keeper: KeeperClient
  /** Holds data and logs, a folder a part. */
  readonly directory: string
  readonly onProgress: (line: string) => void
}
