import { ValenceError } from '@valence/schemas'
import { openTestApp } from '@valence/testing/processes/http-app'
import { describe, expect, it } from 'vitest'
import type { SharedAnswers } from '../../../src/http/shared-answers.ts'
import { type ProduceText, TextIntake } from '../../../src/http/text-intake.ts'

type Produced = { event: Parameters<ProduceText>[0]; headers: Parameters<ProduceText>[1] }

function recorder() {
  const produced: Produced[] = []
  const produce: ProduceText = async (event, headers) => {
    produced.push({ event, headers })
    return { id: event.id, topic: 't', partition: 0, offset: String(produced.length - 1) }
  }
  return { produced, produce }
}

const request = { subject: 'alice', headers: {} }

describe('a text that the broker refuses', () => {
  it.each([
    ['VAL_RECORD_TOO_LARGE_TO_PUBLISH', 413],
    ['VAL_RECORD_REFUSED_BY_BROKER', 422],
  ] as const)("is its sender's fault: %s is %i", async (code, status) => {
    const intake = new TextIntake(() => Promise.reject(new ValenceError(code, 'INVALID_RECORD')))
    await using test = await openTestApp({ intake })
    const response = await test.app.inject({ method: 'POST', url: '/v1/texts', payload: { text: 'good' } })
    expect(response.json()).toMatchObject({ status, code, detail: 'INVALID_RECORD' })
    expect(response.statusCode).toBe(status)
  })
})

describe('the intake', () => {
  it('produces each text without a key, under an id of its own', async () => {
    const { produced, produce } = recorder()
    const intake = new TextIntake(produce)
    await Promise.all([1, 2].map(() => intake.accept({ ...request, event: { text: 'a' } })))
    await intake.accept({ ...request, event: { text: 'a', id: 'own' } })
    expect(new Set(produced.map(({ event }) => event.id)).size).toBe(3)
    expect(produced[2]?.event.id).toBe('own')
  })

  it('answers a repeated key with the first answer, even while that is under way', async () => {
    const { produced, produce } = recorder()
    const intake = new TextIntake(produce)
    const again = { ...request, event: { text: 'a' }, idempotencyKey: 'k' }
    const answers = await Promise.all([intake.accept(again), intake.accept(again)])
    expect(answers[0]).toEqual(answers[1])
    expect(produced).toHaveLength(1)
  })

  it('gives a key the same id on every replica', async () => {
    const replicas = [recorder(), recorder()]
    const again = { ...request, event: { text: 'a' }, idempotencyKey: 'k' }
    for (const { produce } of replicas) await new TextIntake(produce).accept(again)
    expect(replicas[0]?.produced[0]?.event.id).toBe(replicas[1]?.produced[0]?.event.id)
  })

  it('takes a request for the same however its members are ordered', async () => {
    const { produced, produce } = recorder()
    const intake = new TextIntake(produce)
    const again = { ...request, idempotencyKey: 'k' }
    await intake.accept({ ...again, event: { text: 'a', source: 's', attributes: { x: '1', y: '2' } } })
    await intake.accept({ ...again, event: { attributes: { y: '2', x: '1' }, source: 's', text: 'a' } })
    expect(produced).toHaveLength(1)
    const other = { ...again, event: { text: 'a', source: 's', attributes: { x: '2', y: '1' } } }
    await expect(intake.accept(other)).rejects.toMatchObject({ code: 'VAL_IDEMPOTENCY_KEY_REUSED' })
  })

  it('asks what replicas share for keys that it has not seen, and for no other text', async () => {
    const { produced, produce } = recorder()
    const theirs = { id: 'theirs', topic: 't', partition: 1, offset: '7' }
    const asked: string[] = []
    const shared: SharedAnswers = {
      once: async (key) => {
        asked.push(key)
        return theirs
      },
    }
    const intake = new TextIntake(produce, shared)
    const again = { ...request, event: { text: 'a' }, idempotencyKey: 'k' }
    expect(await intake.accept(again)).toEqual(theirs)
    expect(await intake.accept(again)).toEqual(theirs)
    await intake.accept({ ...request, event: { text: 'a' } })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(produced).toHaveLength(1)
  })

  it('refuses a key for another text, and keeps the keys of subjects apart', async () => {
    const { produced, produce } = recorder()
    const intake = new TextIntake(produce)
    await intake.accept({ ...request, event: { text: 'a' }, idempotencyKey: 'k' })
    await expect(intake.accept({ ...request, event: { text: 'b' }, idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'VAL_IDEMPOTENCY_KEY_REUSED',
    })
    await intake.accept({ ...request, subject: 'bob', event: { text: 'b' }, idempotencyKey: 'k' })
    expect(produced).toHaveLength(2)
  })

  it('forgets what failed', async () => {
    let isDown = true
    const { produce } = recorder()
    const intake = new TextIntake((...args) =>
      isDown ? Promise.reject(new ValenceError('VAL_INTAKE_UNAVAILABLE')) : produce(...args),
    )
    const again = { ...request, event: { text: 'a' }, idempotencyKey: 'k' }
    await expect(intake.accept(again)).rejects.toMatchObject({ code: 'VAL_INTAKE_UNAVAILABLE' })
    isDown = false
    expect(await intake.accept(again)).toMatchObject({ topic: 't' })
  })
})

describe('POST /v1/texts', () => {
  const post = (payload: object, headers = {}) => ({ method: 'POST', url: '/v1/texts', payload, headers }) as const

  it('answers 202 with where the text stands, and passes the trace on', async () => {
    const { produced, produce } = recorder()
    const intake = new TextIntake(produce)
    await using test = await openTestApp({ intake })
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const response = await test.app.inject(post({ text: 'a', source: 's' }, { traceparent }))
    expect(response.statusCode).toBe(202)
    expect(response.json()).toEqual({ id: produced[0]?.event.id, topic: 't', partition: 0, offset: '0' })
    expect(produced[0]).toMatchObject({ event: { text: 'a', source: 's' }, headers: { traceparent } })
    expect(response.headers.traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)/)
  })

  it('says 503 without Kafka', async () => {
    await using test = await openTestApp({})
    expect((await test.app.inject(post({ text: 'a' }))).statusCode).toBe(503)
  })
})
