import { BodyBudget } from '@valence/processor/http/limits/body-budget'
import { ValenceError } from '@valence/schemas'
import { openTestApp } from '@valence/testing/processes/http-app'
import type { InjectOptions } from 'fastify'
import { afterEach, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.restoreAllMocks()
})

/** One request with every fault at once, and what mends each: in the order of docs/architecture.md. */
it('answers a request by the first of its faults, and reads no body before all else is right', async () => {
  const faults = new Set(['address', 'full', 'caller', 'scope', 'room', 'subject'])
  const allow = (fault: string) => ({
    windowMs: 1_000,
    take: async () => ({ isGranted: !faults.has(fault), limit: 1, remaining: 0, resetMs: 1_000 }),
  })
  await using test = await openTestApp({
    limiters: { address: allow('address'), subject: allow('subject') },
    authenticator: {
      scheme: 'jwt',
      async authenticate() {
        if (faults.has('caller')) throw new ValenceError('VAL_AUTH_MISSING')
        return { subject: 'alice', scopes: new Set(faults.has('scope') ? [] : ['sentiment:score' as const]) }
      },
      close: () => undefined,
    },
  })
  Object.defineProperty(test.admission, 'isFull', { get: () => faults.has('full') })
  vi.spyOn(BodyBudget.prototype, 'take').mockImplementation(() => {
    if (faults.has('room')) throw new ValenceError('VAL_HTTP_OVERLOADED')
    return () => undefined
  })
  const request: InjectOptions = {
    method: 'POST',
    url: '/v1/score?x=%ff',
    headers: { 'content-type': 'application/json' },
  }
  const ask = async (change: InjectOptions | string) => {
    if (typeof change === 'string') faults.delete(change)
    else Object.assign(request, change)
    const { statusCode, payload } = await test.app.inject(request)
    return statusCode === 200 ? 200 : JSON.parse(payload).code
  }
  expect([
    await ask({ payload: '{' }),
    await ask({ url: '/v1/score' }),
    await ask('address'),
    await ask('full'),
    await ask('caller'),
    await ask('scope'),
    await ask('room'),
    await ask({ payload: '{}' }),
    await ask({ payload: '{"text":"good"}' }),
    await ask('subject'),
  ]).toEqual([
    'VAL_RECORD_NOT_UTF8',
    'VAL_HTTP_RATE_LIMITED',
    'VAL_HTTP_OVERLOADED',
    'VAL_AUTH_MISSING',
    'VAL_AUTH_SCOPE_MISSING',
    'VAL_HTTP_OVERLOADED',
    'VAL_HTTP_BODY_INVALID',
    'VAL_HTTP_REQUEST_INVALID',
    'VAL_HTTP_RATE_LIMITED',
    200,
  ])
})
