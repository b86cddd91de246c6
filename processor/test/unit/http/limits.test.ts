import { ValenceError } from '@valence/schemas'
import { openTestApp, ScriptedScorer, sentimentOf, unavailable } from '@valence/testing/processes/http-app'
import { describe, expect, it } from 'vitest'
import { failed } from '../../../src/domain/verdict.ts'
import { createFacadeScorer } from '../../../src/http/facade-scorer.ts'
import { Admission } from '../../../src/http/limits/admission.ts'
import { createMemoryLimiter } from '../../../src/http/limits/memory-limiter.ts'
import { unlimited } from '../../../src/http/limits/rate-limits.ts'

const deadline = { deadline: Number.MAX_SAFE_INTEGER, signal: new AbortController().signal }

describe('admission', () => {
  it('holds room until it is given back, once', () => {
    const seen: number[] = []
    const admission = new Admission({ maxTexts: 10, onChange: (texts) => seen.push(texts) })
    const first = admission.admit(6)
    expect(() => admission.admit(5)).toThrow(expect.objectContaining({ code: 'VAL_HTTP_OVERLOADED' }))
    admission.admit(4)
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    expect(admission.texts).toBe(4)
    expect(seen).toEqual([6, 10, 4])
  })

  it('lets in what is larger than all there is when it is empty', () => {
    const admission = new Admission({ maxTexts: 10 })
    using _all = admission.admit(50)
    expect(admission.texts).toBe(10)
    expect(() => admission.admit(1)).toThrow()
  })

  it('lets fewer in while answers take too long, and more again when there is time', () => {
    let time = 0
    const admission = new Admission({ maxTexts: 40, minTexts: 4, targetMs: 80, now: () => time })
    const pass = (elapsedMs: number, texts: number) => {
      using _room = admission.admit(texts)
      time += 101
      admission.observe(elapsedMs)
    }
    pass(200, 40)
    expect(admission.limit).toBe(32)
    for (let i = 0; i < 20; i++) pass(200, 1)
    expect(admission.limit).toBe(4)
    // Nobody needs more room, so there is none to give.
    for (let i = 0; i < 20; i++) pass(20, 1)
    expect(admission.limit).toBe(4)
    for (let i = 0; i < 40; i++) pass(20, Math.floor(admission.limit))
    expect(admission.limit).toBe(40)
    pass(70, 40)
    expect(admission.limit).toBe(40)
  })

  it('refuses the next request at once while the engine is full', async () => {
    await using test = await openTestApp({ admitted: 2 })
    const gate = Promise.withResolvers<void>()
    test.scorer.answer = (text) => gate.promise.then(() => sentimentOf(text))
    const ask = () => test.app.inject({ method: 'POST', url: '/v1/score', payload: { text: 'good' } })
    const inside = [ask(), ask()]
    await expect.poll(() => test.admission.texts).toBe(2)
    const refused = await ask()
    expect(refused.statusCode).toBe(503)
    expect(refused.headers['retry-after']).toBe('1')
    expect(refused.json().code).toBe('VAL_HTTP_OVERLOADED')
    gate.resolve()
    for (const { statusCode } of await Promise.all(inside)) expect(statusCode).toBe(200)
    expect((await ask()).statusCode).toBe(200)
  })

  it('gives the room back when the engine throws', async () => {
    const admission = new Admission({ maxTexts: 5 })
    const scorer = new ScriptedScorer()
    scorer.answer = () => Promise.reject(new Error('broken'))
    await expect(createFacadeScorer({ scorer, admission }).score('a', deadline)).rejects.toThrow('broken')
    expect(admission.texts).toBe(0)
  })
})

describe('the facade scorer', () => {
  it('distrusts a failing engine for a while, and trusts one that scores', async () => {
    let time = 0
    const scorer = new ScriptedScorer()
    const facade = createFacadeScorer({ scorer, admission: new Admission({ maxTexts: 5 }), now: () => time })
    expect(facade.canScore()).toBe(true)
    scorer.answer = unavailable
    await facade.score('a', deadline)
    expect(facade.canScore()).toBe(false)
    time = 6_000
    expect(facade.canScore()).toBe(true)
    await facade.score('a', deadline)
    scorer.answer = sentimentOf
    await facade.score('a', deadline)
    expect(facade.canScore()).toBe(true)
  })

  it('does not blame the engine for texts, deadlines or a full queue', async () => {
    const scorer = new ScriptedScorer()
    const facade = createFacadeScorer({ scorer, admission: new Admission({ maxTexts: 5 }) })
    for (const code of ['VAL_TEXT_EMPTY', 'VAL_DEADLINE_EXCEEDED', 'VAL_QUEUE_FULL'] as const) {
      scorer.answer = () => failed(new ValenceError(code))
      await facade.score('a', deadline)
    }
    expect(facade.canScore()).toBe(true)
  })
})

describe('rate limits', () => {
  const score = { method: 'POST', url: '/v1/score', payload: { text: 'a' } } as const

  it('count requests of an address, announce themselves, and refuse with Retry-After', async () => {
    await using test = await openTestApp({ limiters: { address: createMemoryLimiter(2), subject: unlimited } })
    const [first, , third] = [await test.app.inject(score), await test.app.inject(score), await test.app.inject(score)]
    expect(first.headers).toMatchObject({
      'ratelimit-limit': '2',
      'ratelimit-remaining': '1',
      'ratelimit-policy': '2;w=60',
    })
    expect(Number(first.headers['ratelimit-reset'])).toBeGreaterThan(50)
    expect(third.statusCode).toBe(429)
    expect(third.json().code).toBe('VAL_HTTP_RATE_LIMITED')
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(50)
    expect(third.headers['ratelimit-remaining']).toBe('0')
    const other = await test.app.inject({ ...score, remoteAddress: '10.0.0.9' })
    expect(other.statusCode).toBe(200)
    expect((await test.app.inject('/v2/health/ready')).statusCode).toBe(200)
  })

  it('count texts of a subject, a batch as many', async () => {
    await using test = await openTestApp({ limiters: { address: unlimited, subject: createMemoryLimiter(5) } })
    const batch = { method: 'POST', url: '/v1/score/batch', payload: { texts: ['a', 'b', 'c', 'd'] } } as const
    expect((await test.app.inject(batch)).headers['ratelimit-remaining']).toBe('1')
    expect((await test.app.inject(batch)).statusCode).toBe(429)
    expect(test.scorer.asked).toHaveLength(1)
  })

  it('believe X-Forwarded-For from configured proxies only', async () => {
    const seen = async (environment: Record<string, string>, remoteAddress: string) => {
      const limiters = { address: createMemoryLimiter(1), subject: unlimited }
      await using test = await openTestApp({ environment, limiters })
      const ask = (client: string) =>
        test.app.inject({ ...score, remoteAddress, headers: { 'x-forwarded-for': client } })
      return [(await ask('1.1.1.1')).statusCode, (await ask('2.2.2.2')).statusCode]
    }
    const trusting = { VALENCE_HTTP_TRUSTED_PROXIES: '10.0.0.0/8' }
    expect(await seen(trusting, '10.1.2.3')).toEqual([200, 200])
    expect(await seen(trusting, '192.0.2.1')).toEqual([200, 429])
    expect(await seen({}, '10.1.2.3')).toEqual([200, 429])
  })
})
