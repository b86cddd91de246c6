/** One colour: the facades and processors of one version. */
export interface Release {
  readonly name: string
  /** Base URLs of the admin ports of all its processes. */
  readonly adminUrls: readonly string[]
}

export type Scores = Readonly<Record<string, number>>

/** What a place can do with releases; Kubernetes, or processes of this machine. */
export interface Platform {
  /** What serves now. */
  readonly live: Release
  /** Starts the new release beside the live one; resolves when its processes exist, ready or not. */
  bringUp(): Promise<Release>
  /** The scores that the release gives these texts. */
  score(release: Release, texts: readonly string[]): Promise<readonly Scores[]>
  /** From when it resolves, new requests reach this release. */
  switchTo(release: Release): Promise<void>
  /** Stops a release: it finishes and commits what it has begun. Throws where it did not end well. */
  drain(release: Release): Promise<void>
}

/** A text and what the new release must say of it. */
export interface GoldenText {
  readonly text: string
  readonly scores: Scores
}

export interface Gates {
  readonly readyMs: number
  readonly golden: readonly GoldenText[]
  /** Largest difference of a probability from the golden one. */
  readonly goldenTolerance: number
  /** How long the new release works beside the live one before it is judged. */
  readonly observeMs: number
  /** Share of the compared texts on which both models agree, at least; asked where enough were compared. */
  readonly minAgreement: number
  readonly minCompared: number
  /** By how much the share of dead letters may exceed that of the live release. */
  readonly maxExtraRejected: number
  /** How long it is watched after the switch. */
  readonly watchMs: number
  /** Share of requests answered with 5xx, at most. */
  readonly maxServerErrors: number
}

/** A gate that did not open; why, for people. */
export class GateError extends Error {
  readonly gate: string

  constructor(gate: string, message: string) {
    super(`${gate}: ${message}`)
    this.name = 'GateError'
    this.gate = gate
  }
}
