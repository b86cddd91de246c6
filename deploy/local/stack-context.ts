import type { SupervisorClient } from './supervisor-client.ts'

/** Shared context for starting and downloading the parts of one stack. */
export interface StackContext {
  /** Starts every process, also downloads, so that none outlives the stack. */
  readonly supervisor: SupervisorClient
  /** Folder of data and logs, with one subfolder per part. */
  readonly directory: string
  readonly onProgress: (line: string) => void
}
