/** Where an accepted text was written. */
export interface AcceptedText {
  readonly id: string
  readonly topic: string
  readonly partition: number
  /** In decimal digits. */
  readonly offset: string
}
