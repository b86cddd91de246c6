/** How a process ended: `code` is null after a signal, and where it could not be started at all. */
export interface PartEnd {
  readonly code: number | null
  /** For people: `exit code 1`, `SIGKILL`, `spawn mvn ENOENT`. */
  readonly reason: string
}

/** What the stack asks of its keeper, and what the keeper reports; `id` names a process within one stack. */
export type KeeperRequest =
  | {
      readonly type: 'start'
      readonly id: number
      readonly command: string
      readonly args: readonly string[]
      readonly directory: string
      /** Added to the environment of the stack's user. */
      readonly environment: Readonly<Record<string, string>>
      readonly log: string
    }
  | { readonly type: 'signal'; readonly id: number; readonly signal: NodeJS.Signals }

export type KeeperReport =
  | { readonly type: 'started'; readonly id: number; readonly pid: number }
  | { readonly type: 'ended'; readonly id: number; readonly end: PartEnd }
