/** The types of the HTTP API. Written from its OpenAPI document by `make pages`. */

export interface TextRequest {
  /**
   * The text to score: not blank, at most 64 KiB in UTF-8
   */
  text: string
  /**
   * Identifies the text; without one it gets a UUID
   */
  id?: string | null
  /**
   * Epoch milliseconds, in the years 1 to 9999
   */
  occurredAt?: number | null
  /**
   * Where the text comes from
   */
  source?: string | null
  /**
   * BCP 47 tag
   */
  lang?: string | null
  /**
   * Free fields that are carried over
   */
  attributes?: {
    [k: string]: string
  }
}
/**
 * The sentiment of one text
 *
 * This interface was referenced by `Unused`'s JSON-Schema
 * via the `definition` "ScoredEvent".
 */
export interface ScoredEvent {
  id: string
  occurredAt: number | null
  source: string | null
  lang: string | null
  attributes: {
    [k: string]: string
  }
  /**
   * The most probable label
   */
  label: string
  /**
   * Label → probability; they sum to 1
   */
  scores: {
    [k: string]: number
  }
  /**
   * Σ probability × polarity
   */
  valence: number
  model: {
    name: string
    version: string
    /**
     * First 12 hex digits of the digest of the graph
     */
    sha256: string
  }
  /**
   * Tokens the model saw, special tokens included
   */
  tokens: number
  /**
   * Only the beginning of the text was scored
   */
  truncated: boolean
  /**
   * Epoch milliseconds
   */
  scoredAt: number
  /**
   * The record that carried the text; null over HTTP
   */
  origin: null
}
/**
 * Several texts to score
 *
 * This interface was referenced by `Unused`'s JSON-Schema
 * via the `definition` "BatchRequest".
 */
export interface BatchRequest {
  /**
   * Texts, bare or with their fields
   *
   * 1 to 256 items.
   */
  texts: (
    | string
    | {
        /**
         * The text to score
         */
        text: string
        /**
         * Identifies the text; without one it gets a UUID
         */
        id?: string | null
        /**
         * Epoch milliseconds, in the years 1 to 9999
         */
        occurredAt?: number | null
        /**
         * Where the text comes from
         */
        source?: string | null
        /**
         * BCP 47 tag
         */
        lang?: string | null
        /**
         * Free fields that are carried over
         */
        attributes?: {
          [k: string]: string
        }
      }
  )[]
}
/**
 * A verdict for each text
 *
 * This interface was referenced by `Unused`'s JSON-Schema
 * via the `definition` "BatchResponse".
 */
export interface BatchResponse {
  /**
   * One verdict a text, in the order of the texts
   */
  results: {
    /**
     * `rejected`: the text is at fault for good; `retryable`: send it again
     */
    verdict: 'scored' | 'rejected' | 'retryable'
    event?: ScoredEvent
    error?: {
      code: string
      title: string
      detail?: string
      status: number
    }
  }[]
}
/**
 * Where the text was written
 *
 * This interface was referenced by `Unused`'s JSON-Schema
 * via the `definition` "AcceptedText".
 */
export interface AcceptedText {
  id: string
  topic: string
  partition: number
  /**
   * In decimal digits
   */
  offset: string
}
/**
 * Why a request was not done (RFC 9457)
 *
 * This interface was referenced by `Unused`'s JSON-Schema
 * via the `definition` "Problem".
 */
export interface Problem {
  /**
   * `urn:valence:error:` and the code
   */
  type: string
  title: string
  status: number
  /**
   * A code of the catalogue, docs/errors.md
   */
  code: string
  detail?: string
  /**
   * What the caller can do about it
   */
  help: string
  requestId: string
  /**
   * For Open Inference Protocol clients
   */
  error?: string
}
