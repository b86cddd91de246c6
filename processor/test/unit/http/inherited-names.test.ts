import { openTestApp } from '@valence/testing/processes/http-app'
import { expect, it } from 'vitest'
import { TextIntake } from '../../../src/http/text-intake.ts'

/** Names that every object inherits, as a caller may name attributes. */
const attributes = '{"__proto__":"p","constructor":"c","toString":"t","valueOf":"v","hasOwnProperty":"h"}'
const body = `{"id":"1","text":"good","attributes":${attributes}}`

async function openApp() {
  const produced: string[] = []
  const intake = new TextIntake(async (event) => {
    produced.push(JSON.stringify(event.attributes))
    return { id: event.id, topic: 't', partition: 0, offset: '0' }
  })
  const test = await openTestApp({ intake })
  const post = (url: string, payload: string) =>
    test.app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json' } })
  return { ...test, produced, post }
}

it('attributes with names that objects inherit come back as they went in', async () => {
  await using test = await openApp()
  const scored = await test.post('/v1/score', body)
  expect(scored.statusCode).toBe(200)
  expect(scored.body).toContain(`"attributes":${attributes}`)
  const batch = await test.post('/v1/score/batch', `{"texts":[${body}]}`)
  expect(batch.body).toContain(`"attributes":${attributes}`)
  expect((await test.post('/v1/texts', body)).statusCode).toBe(202)
  expect(test.produced).toEqual([attributes])
})

it.each(['__proto__', 'constructor', 'toString'])('a member %s of the request is none of ours', async (name) => {
  await using test = await openApp()
  const response = await test.post('/v1/score', `{"text":"good","${name}":{"prototype":{"id":"x"},"id":"x"}}`)
  expect(response.json()).not.toMatchObject({ id: 'x' })
  expect(({} as { id?: unknown }).id).toBeUndefined()
})
