/** How a process ended: `code` is null after a signal, or if it could not be started. */
export interface PartEnd {
  readonly code: number | null
  /** For display: `exit code 1`, `SIGKILL`, `spawn mvn ENOENT`. */
  readonly reason: string
}

/** Request of the stack to its supervisor; `id` identifies a process within one stack. */
export type SupervisorRequest =
  | {
      readonly type: 'start'
      readonly id: number
      readonly command: string
      readonly args: readonly string[]
      readonly directory: string
      /** Added to the environment of the calling process. */
      readonly environment: Readonly<Record<string, string>>
      readonly log: string
    }
  | { readonly type: 'signal'; readonly id: number; readonly signal: NodeJS.Signals }

export type SupervisorReport =
  | { readonly type: 'started'; readonly id: number; readonly pid: number }
  | { readonly type: 'ended'; readonly id: number; readonly end: PartEnd }
