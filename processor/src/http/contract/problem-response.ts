import { STATUS_CODES } from 'node:http'
import { type Static, Type } from 'typebox'

/** RFC 9457. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: '`urn:valence:error:` and the code' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'A code of the catalogue, docs/errors.md' }),
    detail: Type.Optional(Type.String()),
    help: Type.String({ description: 'What the caller can do about it' }),
    requestId: Type.String(),
    error: Type.Optional(Type.String({ description: 'For Open Inference Protocol clients' })),
  },
  { title: 'Problem', description: 'Why a request was not done (RFC 9457)' },
)

export type Problem = Static<typeof problemSchema>

/** Statuses that any request can get before it reaches its route. */
const always = [400, 408, 422, 429, 431, 500, 503] as const

/** Problem documents by status, for the `response` of a route. */
export function problems(...statuses: readonly number[]) {
  const all = [...new Set([...always, ...statuses])].sort()
  const entries = all.map((status) => {
    const document = { 'application/problem+json': { schema: problemSchema } }
    return [status, { description: STATUS_CODES[status] ?? 'Problem', content: document }] as const
  })
  return Object.fromEntries(entries)
}
