import { type ErrorCode, ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { registerSchemas } from '../../../src/registry/register-schemas.ts'

/** Returns ids in order; the `refusals` of a subject are thrown first, one per call. */
function fakeRegistry(refusals: Readonly<Record<string, ErrorCode[]>> = {}) {
  const asked: string[] = []
  return {
    asked,
    registerFor: async (subject: string) => {
      asked.push(subject)
      const code = refusals[subject]?.shift()
      if (code !== undefined) throw new ValenceError(code)
      return asked.length
    },
  }
}

const config = { inputTopics: ['a', 'b'], outputTopic: 'out', outputMode: 'event' as const, feedbackTopic: undefined }

describe('registerSchemas', () => {
  it('registers the subjects of inputs and output', async () => {
    expect(await registerSchemas(config, fakeRegistry())).toEqual({
      registered: [
        { subject: 'a-value', schema: 'text-event', id: 1 },
        { subject: 'b-value', schema: 'text-event', id: 2 },
        { subject: 'out-value', schema: 'scored-event', id: 3 },
      ],
      refused: [],
    })
  })

  it('registers the subject of the feedback topic if one is configured', async () => {
    const { registered } = await registerSchemas({ ...config, feedbackTopic: 'back' }, fakeRegistry())
    expect(registered.at(-1)).toEqual({ subject: 'back-value', schema: 'feedback-event', id: 4 })
  })

  it('leaves the output of enriched records to the schemas of their writers', async () => {
    const { registered } = await registerSchemas({ ...config, outputMode: 'enrich' as const }, fakeRegistry())
    expect(registered.map(({ subject }) => subject)).toEqual(['a-value', 'b-value'])
  })

  it('continues after a refused subject', async () => {
    const registry = fakeRegistry({ 'a-value': ['VAL_SCHEMA_INCOMPATIBLE'] })
    const { registered, refused } = await registerSchemas(config, registry)
    expect(registered.map(({ subject }) => subject)).toEqual(['b-value', 'out-value'])
    expect(refused).toMatchObject([{ subject: 'a-value', error: { code: 'VAL_SCHEMA_INCOMPATIBLE' } }])
  })

  it('retries while the registry is unavailable', async () => {
    const registry = fakeRegistry({ 'a-value': ['VAL_REGISTRY_UNAVAILABLE'] })
    expect((await registerSchemas(config, registry)).registered).toHaveLength(3)
    expect(registry.asked).toEqual(['a-value', 'a-value', 'b-value', 'out-value'])
  })
})
