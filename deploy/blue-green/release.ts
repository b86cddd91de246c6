/** One colour: the facades and processors of one version. */
export interface Release {
  readonly name: string
  /** Base URLs of the admin ports of all its processes. */
  readonly adminUrls: readonly string[]
}

export type Scores = Readonly<Record<string, number>>

/** Operations on releases; implemented for Kubernetes and for local processes. */
export interface Platform {
  /** The live release. */
  readonly live: Release
  /** Starts the new release beside the live one; resolves when its processes exist, ready or not. */
  bringUp(): Promise<Release>
  /** Scores of the release for these texts. */
  score(release: Release, texts: readonly string[]): Promise<readonly Scores[]>
  /** When it resolves, new requests reach this release. */
  switchTo(release: Release): Promise<void>
  /** Stops a release after it has finished and committed its work in progress. Throws if a process fails. */
  drain(release: Release): Promise<void>
}

/** A text and its expected scores. */
export interface GoldenText {
  readonly text: string
  readonly scores: Scores
}

export interface Gates {
  readonly readyMs: number
  readonly golden: readonly GoldenText[]
  /** Maximum difference between a probability and its golden value. */
  readonly goldenTolerance: number
  /** Observation time of the new release beside the live one. */
  readonly observeMs: number
  /** Minimum share of compared texts with the same label; checked if enough texts were compared. */
  readonly minAgreement: number
  readonly minCompared: number
  /** Maximum difference between the dead-letter shares of the new and the live release. */
  readonly maxExtraRejected: number
  /** Observation time after the switch. */
  readonly watchMs: number
  /** Maximum share of requests answered with 5xx. */
  readonly maxServerErrors: number
}

/** A gate whose condition was not met, with the reason. */
export class GateError extends Error {
  readonly gate: string

  constructor(gate: string, message: string) {
    super(`${gate}: ${message}`)
    this.name = 'GateError'
    this.gate = gate
  }
}
