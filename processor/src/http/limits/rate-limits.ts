import { ValenceError } from '@valence/schemas'
import type { FastifyReply } from 'fastify'
import type { HttpApp } from '../http-app.ts'

/** State of a key after points were taken. */
export interface Allowance {
  readonly isGranted: boolean
  readonly limit: number
  readonly remaining: number
  readonly resetMs: number
}

/** Counts points by key in a window. Never rejects: without Redis it counts in this process. */
export interface RateLimiter {
  readonly windowMs: number
  /** Undefined where nothing is limited. */
  take(key: string, points: number): Promise<Allowance | undefined>
}

export const unlimited: RateLimiter = { windowMs: 60_000, take: async () => undefined }

function announce(reply: FastifyReply, { limit, remaining, resetMs }: Allowance, windowMs: number): void {
  const resetSeconds = Math.ceil(resetMs / 1_000)
  reply.header('ratelimit-limit', limit)
  reply.header('ratelimit-remaining', Math.max(0, remaining))
  reply.header('ratelimit-reset', resetSeconds)
  reply.header('ratelimit-policy', `${limit};w=${windowMs / 1_000}`)
}

function enforce(reply: FastifyReply, allowance: Allowance | undefined, windowMs: number): void {
  if (!allowance) return
  announce(reply, allowance, windowMs)
  if (allowance.isGranted) return
  reply.header('retry-after', Math.max(1, Math.ceil(allowance.resetMs / 1_000)))
  throw new ValenceError('VAL_HTTP_RATE_LIMITED')
}

/**
 * Limits requests by address in onRequest, which also slows the guessing of credentials, and texts by subject in
 * preHandler, once the body tells their number.
 */
export function addRateLimits(app: HttpApp, limiters: { address: RateLimiter; subject: RateLimiter }): void {
  if (limiters.address !== unlimited) addAddressLimit(app, limiters.address)
  if (limiters.subject !== unlimited) addSubjectLimit(app, limiters.subject)
}

function addAddressLimit(app: HttpApp, limiter: RateLimiter): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.scope === undefined) return
    enforce(reply, await limiter.take(request.ip, 1), limiter.windowMs)
  })
}

function addSubjectLimit(app: HttpApp, limiter: RateLimiter): void {
  app.addHook('preHandler', async (request, reply) => {
    const { scope, cost } = request.routeOptions.config
    if (scope === undefined) return
    const allowance = await limiter.take(request.principal.subject, cost?.(request) ?? 1)
    enforce(reply, allowance, limiter.windowMs)
  })
}
