import { FakeBackend } from '@valence/testing/models/fake-backend'
import { fakeModel } from '@valence/testing/models/fake-model'
import { openTestApp, sentimentOf, unavailable } from '@valence/testing/processes/http-app'
import { describe, expect, it } from 'vitest'

const score = (payload: object, headers = {}) => ({ method: 'POST', url: '/v1/score', payload, headers }) as const

describe('POST /v1/score', () => {
  it('answers with a scored event that carries the fields over', async () => {
    await using test = await openTestApp()
    const payload = { id: '7', text: 'good', source: 'web', lang: 'en', occurredAt: 5, attributes: { a: 'b' } }
    const response = await test.app.inject(score(payload))
    expect(response.statusCode).toBe(200)
    expect(response.json()).toMatchObject({
      ...{ id: '7', source: 'web', lang: 'en', occurredAt: 5, attributes: { a: 'b' } },
      ...{ label: 'positive', scores: { negative: 0.25, neutral: 0, positive: 0.75 }, valence: 0.5, origin: null },
      ...{ tokens: 4, truncated: false, model: { name: 'tiny', version: '1', sha256: 'abcdefabcdef' } },
    })
    expect(response.json()).not.toHaveProperty('text')
    expect(response.headers['cache-control']).toBe('no-store')
  })

  it('gives a text without id a new one each time', async () => {
    await using test = await openTestApp()
    const ids = await Promise.all([1, 2].map(async () => (await test.app.inject(score({ text: 'a' }))).json().id))
    expect(new Set(ids).size).toBe(2)
  })

  it.each([
    ['no text', {}, 422, "body must have required property 'text'"],
    ['a number', { text: 1 }, 422, 'body/text must be string'],
    ['an unknown field', { text: 'a', texxt: 'b' }, 422, 'body must NOT have additional properties: "texxt"'],
    ['a blank text', { text: ' \n' }, 422, undefined],
    ['a braille blank', { text: '\u2800' }, 422, undefined],
    ['a combining mark alone', { text: ' \u0301' }, 422, undefined],
    ['an array', [], 422, 'body must be object'],
  ])('refuses %s', async (_, payload, status, detail) => {
    await using test = await openTestApp()
    const response = await test.app.inject(score(payload))
    expect(response.statusCode).toBe(status)
    expect(response.headers['content-type']).toMatch('application/problem+json')
    expect(response.json()).toMatchObject({ code: 'VAL_HTTP_REQUEST_INVALID', status })
    if (detail) expect(response.json().detail).toBe(detail)
    expect(test.scorer.asked).toEqual([])
  })

  it('takes a time in the years 1 to 9999', async () => {
    await using test = await openTestApp()
    for (const occurredAt of [-62_135_596_800_000, -1, 253_402_300_799_999]) {
      expect((await test.app.inject(score({ text: 'a', occurredAt }))).json()).toMatchObject({ occurredAt })
    }
    for (const occurredAt of [-62_135_596_800_001, 253_402_300_800_000]) {
      const response = await test.app.inject(score({ text: 'a', occurredAt }))
      expect(response.json()).toMatchObject({ status: 422, code: 'VAL_HTTP_REQUEST_INVALID' })
    }
  })

  it('refuses a text of more bytes than 64 KiB though its characters are few enough', async () => {
    await using test = await openTestApp()
    const response = await test.app.inject(score({ text: '€'.repeat(30_000) }))
    expect(response.statusCode).toBe(413)
    expect(response.json().code).toBe('VAL_TEXT_TOO_LARGE')
  })

  it('passes the deadline on, by header or default', async () => {
    await using test = await openTestApp({ environment: { VALENCE_HTTP_TIMEOUT_MS: '700' } })
    for (const [headers, timeoutMs] of [
      [{ 'timeout-ms': '50' }, 50],
      [{}, 700],
    ] as const) {
      const before = Date.now()
      await test.app.inject(score({ text: 'a' }, headers))
      const deadline = test.scorer.asked.at(-1)?.options.deadline
      expect(deadline).toBeGreaterThanOrEqual(before + timeoutMs)
      expect(deadline).toBeLessThanOrEqual(Date.now() + timeoutMs)
    }
  })

  it.each(['0', '-1', 'soon', '70000', '1.5'])('refuses the deadline %s', async (given) => {
    await using test = await openTestApp()
    const response = await test.app.inject(score({ text: 'a' }, { 'timeout-ms': given }))
    expect(response.json()).toMatchObject({ status: 422, code: 'VAL_HTTP_REQUEST_INVALID' })
  })

  it('says 503 with Retry-After when the engine is away', async () => {
    await using test = await openTestApp()
    test.scorer.answer = unavailable
    const response = await test.app.inject(score({ text: 'a' }))
    expect(response.statusCode).toBe(503)
    expect(response.headers['retry-after']).toBe('1')
    expect(response.json().code).toBe('VAL_INFERENCE_UNAVAILABLE')
  })

  it('turns a bug into a problem that tells nothing of it', async () => {
    await using test = await openTestApp()
    test.scorer.answer = () => {
      throw new Error('secret detail')
    }
    const response = await test.app.inject(score({ text: 'a' }))
    expect(response.statusCode).toBe(500)
    expect(response.json().code).toBe('VAL_HTTP_INTERNAL')
    expect(response.body).not.toContain('secret')
    expect(test.admission.texts).toBe(0)
  })
})

describe('POST /v1/score/batch', () => {
  const batch = (texts: unknown) => ({ method: 'POST', url: '/v1/score/batch', payload: { texts } }) as const

  it('gives each text its verdict, in order', async () => {
    await using test = await openTestApp()
    const response = await test.app.inject(batch(['good', '\u2800', { id: '9', text: 'bad' }]))
    expect(response.statusCode).toBe(200)
    expect(response.json().results).toMatchObject([
      { verdict: 'scored', event: { label: 'positive' } },
      { verdict: 'rejected', error: { code: 'VAL_TEXT_EMPTY', status: 422 } },
      { verdict: 'scored', event: { id: '9', label: 'negative' } },
    ])
  })

  it('takes 256 texts, in slices, and no more', async () => {
    await using test = await openTestApp()
    const texts = Array.from({ length: 256 }, (_, index) => `text ${index}`)
    const response = await test.app.inject(batch(texts))
    expect(response.json().results).toHaveLength(256)
    expect(test.scorer.asked.map(({ texts: slice }) => slice.length)).toEqual(new Array(16).fill(16))
    expect((await test.app.inject(batch([...texts, 'one']))).statusCode).toBe(422)
  })

  it('refuses more than a mebibyte', async () => {
    await using test = await openTestApp()
    const response = await test.app.inject(batch(new Array(200).fill('x'.repeat(6_000))))
    expect(response.statusCode).toBe(413)
    expect(response.json().code).toBe('VAL_HTTP_BODY_TOO_LARGE')
  })

  it('fails as a whole only where the system is at fault for all', async () => {
    await using test = await openTestApp()
    test.scorer.answer = unavailable
    expect((await test.app.inject(batch(['a', 'b']))).statusCode).toBe(503)
    test.scorer.answer = (text) => (text === 'a' ? unavailable() : sentimentOf(text))
    expect((await test.app.inject(batch(['a', 'b']))).json().results).toMatchObject([
      { verdict: 'retryable', error: { code: 'VAL_INFERENCE_UNAVAILABLE', status: 503 } },
      { verdict: 'scored' },
    ])
  })
})

describe('GET /v1/score', () => {
  const get = (text: string, headers = {}) => ({ method: 'GET', url: '/v1/score', query: { text }, headers }) as const

  it('is private unless told otherwise, and carries a tag of model and text', async () => {
    await using test = await openTestApp()
    const [a, b, c] = await Promise.all(['good', 'good', 'bad'].map((text) => test.app.inject(get(text))))
    expect(a?.headers['cache-control']).toBe('private, max-age=60, must-revalidate')
    expect(a?.headers.etag).toBe(b?.headers.etag)
    expect(a?.json().id).toBe(b?.json().id)
    expect(a?.headers.etag).not.toBe(c?.headers.etag)
  })

  it('is public when told so', async () => {
    await using test = await openTestApp({ environment: { VALENCE_HTTP_CACHE_SCOPE: 'public' } })
    const response = await test.app.inject(get('good'))
    expect(response.headers['cache-control']).toBe('public, max-age=60, must-revalidate')
  })

  it('gives no tag to an answer during which the model was swapped', async () => {
    const [old, next] = [fakeModel(new FakeBackend()), fakeModel(new FakeBackend(), 'next')]
    let active = old
    await using test = await openTestApp({ model: () => active })
    test.scorer.answer = (text) => {
      active = next
      return sentimentOf(text)
    }
    const { statusCode, headers } = await test.app.inject(get('good'))
    expect([statusCode, headers.etag, headers['cache-control']]).toEqual([200, undefined, 'no-store'])
  })

  it('answers 304 to a tag that still holds, without scoring', async () => {
    await using test = await openTestApp()
    const { etag } = (await test.app.inject(get('good'))).headers
    const again = await test.app.inject(get('good', { 'if-none-match': `"other", ${etag}` }))
    expect(again.statusCode).toBe(304)
    expect(again.body).toBe('')
    expect(test.scorer.asked).toHaveLength(1)
  })

  it('scores again once another model is active', async () => {
    const { fakeModel } = await import('@valence/testing/models/fake-model')
    const models = ['old', 'new'].map((name) => fakeModel(undefined as never, name))
    let at = 0
    await using test = await openTestApp({ model: () => models[at] as (typeof models)[number] })
    const { etag } = (await test.app.inject(get('good'))).headers
    at = 1
    const again = await test.app.inject(get('good', { 'if-none-match': String(etag) }))
    expect(again.statusCode).toBe(200)
    expect(again.headers.etag).not.toBe(etag)
  })

  it('refuses a long text, no text and an unknown parameter', async () => {
    await using test = await openTestApp()
    expect((await test.app.inject(get('x'.repeat(1_025)))).statusCode).toBe(422)
    expect((await test.app.inject('/v1/score')).statusCode).toBe(422)
    expect((await test.app.inject('/v1/score?text=a&txt=b')).statusCode).toBe(422)
  })
})
