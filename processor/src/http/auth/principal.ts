export const scopes = ['sentiment:score', 'sentiment:produce', 'sentiment:read', 'sentiment:admin'] as const

export type Scope = (typeof scopes)[number]

/** An authenticated caller. */
export interface Principal {
  readonly subject: string
  readonly scopes: ReadonlySet<string>
  /** Identifies the token; undefined where the credentials have no id. */
  readonly tokenId?: string | undefined
  /** Epoch milliseconds; undefined where the credentials have no issue time. */
  readonly issuedAt?: number | undefined
}

export const anonymous: Principal = { subject: 'anonymous', scopes: new Set(scopes) }

/** The caller before authentication, and on public routes. */
export const unknownCaller: Principal = { subject: '-', scopes: new Set() }
