import { FakeBackend } from '@valence/testing/models/fake-backend'
import { fakeModel } from '@valence/testing/models/fake-model'
import { openTestApp, sentimentOf, unavailable } from '@valence/testing/processes/http-app'
import { describe, expect, it } from 'vitest'

const infer = (payload: object, url = '/v2/models/tiny/infer') => ({ method: 'POST', url, payload }) as const
const tensor = (data: unknown, shape: number[]) => ({ inputs: [{ name: 'text', datatype: 'BYTES', shape, data }] })

describe('the Open Inference Protocol', () => {
  it('scores a flat and a nested tensor alike', async () => {
    await using test = await openTestApp()
    const flat = await test.app.inject(infer({ id: 'r1', ...tensor(['good', 'bad'], [2]) }))
    expect(flat.statusCode).toBe(200)
    expect(flat.json()).toEqual({
      model_name: 'tiny',
      model_version: '1',
      id: 'r1',
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [2], data: ['positive', 'negative'] },
        { name: 'probabilities', datatype: 'FP64', shape: [2, 3], data: [0.25, 0, 0.75, 0.75, 0, 0.25] },
        { name: 'valence', datatype: 'FP64', shape: [2], data: [0.5, -0.5] },
        { name: 'tokens', datatype: 'INT32', shape: [2], data: [4, 3] },
      ],
    })
    const nested = await test.app.inject(infer(tensor([['good'], ['bad']], [2, 1]), '/v2/models/tiny/versions/1/infer'))
    expect(nested.json().outputs).toEqual(flat.json().outputs)
  })

  it('is answered by one model, though it was swapped meanwhile', async () => {
    const [old, next] = [fakeModel(new FakeBackend()), fakeModel(new FakeBackend(), 'tiny', 2)]
    let active = old
    await using test = await openTestApp({ model: () => active })
    // The second model has the name, the version and the graph of the first: only the answers differ.
    test.scorer.answer = (text) => sentimentOf(active === old ? text : 'awful')
    const answer = test.scorer.answer
    test.scorer.answer = (text, options) => {
      const verdict = answer(text, options)
      active = next
      return verdict
    }
    const response = await test.app.inject(infer({ ...tensor(['good', 'good'], [2]), outputs: [{ name: 'label' }] }))
    expect(response.json().outputs[0].data).toEqual(['negative', 'negative'])
    expect(test.scorer.asked.length).toBe(2)
  })

  it('says that the model of its path is gone, or that it never stays', async () => {
    const [old, next] = [fakeModel(new FakeBackend()), fakeModel(new FakeBackend(), 'other')]
    let active = old
    await using test = await openTestApp({ model: () => active })
    test.scorer.answer = (text) => {
      active = next
      return sentimentOf(text)
    }
    const gone = await test.app.inject(infer(tensor(['good'], [1])))
    expect(gone.json()).toMatchObject({ status: 404, code: 'VAL_MODEL_UNKNOWN' })
    test.scorer.answer = (text) => {
      active = fakeModel(new FakeBackend())
      return sentimentOf(text)
    }
    active = old
    const restless = await test.app.inject(infer(tensor(['good'], [1])))
    expect(restless.json()).toMatchObject({ status: 503, code: 'VAL_INFERENCE_UNAVAILABLE' })
  })

  it('gives the outputs that are asked for', async () => {
    await using test = await openTestApp()
    const response = await test.app.inject(infer({ ...tensor(['good'], [1]), outputs: [{ name: 'valence' }] }))
    expect(response.json().outputs).toEqual([{ name: 'valence', datatype: 'FP64', shape: [1], data: [0.5] }])
  })

  it('reads the binary tensor extension', async () => {
    await using test = await openTestApp()
    const texts = ['good', 'schlecht ☹'].map((text) => Buffer.from(text))
    const packed = texts.flatMap((text) => [Buffer.from(Uint32Array.of(text.length).buffer), text])
    const head = Buffer.from(JSON.stringify({ inputs: [{ name: 'text', datatype: 'BYTES', shape: [2] }] }))
    const headers = {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(head.length),
    }
    const response = await test.app.inject({ ...infer(Buffer.concat([head, ...packed])), headers })
    expect(response.statusCode).toBe(200)
    expect(test.scorer.asked[0]?.texts).toEqual(['good', 'schlecht ☹'])
    const { 'content-type': _, ...untyped } = headers
    const bare = await test.app.inject({ ...infer(Buffer.concat([head, ...packed])), headers: untyped })
    expect(bare.statusCode).toBe(200)
    const cut = await test.app.inject({ ...infer(Buffer.concat([head, ...packed]).subarray(0, -1)), headers })
    expect(cut.json()).toMatchObject({ status: 400, code: 'VAL_HTTP_BODY_INVALID' })
  })

  it('packs the outputs that are wanted binary behind the JSON', async () => {
    await using test = await openTestApp()
    const outputs = [
      { name: 'label', parameters: { binary_data: true } },
      { name: 'tokens', parameters: { binary_data: false } },
      { name: 'valence' },
    ]
    const wish = { parameters: { binary_data_output: true }, outputs, ...tensor(['good', 'bad'], [2]) }
    const { headers, rawPayload } = await test.app.inject(infer(wish))
    expect(headers['content-type']).toBe('application/octet-stream')
    const jsonBytes = Number(headers['inference-header-content-length'])
    expect(JSON.parse(rawPayload.subarray(0, jsonBytes).toString()).outputs).toEqual([
      { name: 'label', datatype: 'BYTES', shape: [2], parameters: { binary_data_size: 24 } },
      { name: 'valence', datatype: 'FP64', shape: [2], parameters: { binary_data_size: 16 } },
      { name: 'tokens', datatype: 'INT32', shape: [2], data: [4, 3] },
    ])
    const tensors = rawPayload.subarray(jsonBytes)
    expect(tensors.subarray(0, 24).toString('latin1')).toBe('\b\0\0\0positive\b\0\0\0negative')
    expect([tensors.readDoubleLE(24), tensors.readDoubleLE(32)]).toEqual([0.5, -0.5])
    expect(tensors).toHaveLength(40)
  })

  it.each([
    ['a shape that does not fit', tensor(['a', 'b'], [3]), 'the shape asks for 3 texts, there are 2'],
    ['another datatype', { inputs: [{ name: 'text', datatype: 'INT32', shape: [1], data: [1] }] }, undefined],
    ['two inputs', { inputs: [tensor(['a'], [1]).inputs[0], tensor(['a'], [1]).inputs[0]] }, undefined],
  ])('refuses %s', async (_, payload, detail) => {
    await using test = await openTestApp()
    const response = await test.app.inject(infer(payload))
    expect(response.statusCode).toBe(422)
    if (detail) expect(response.json().detail).toBe(detail)
    expect(response.json().error).toContain('The request does not match its schema')
  })

  it('knows the active model only', async () => {
    await using test = await openTestApp()
    expect((await test.app.inject(infer(tensor(['a'], [1]), '/v2/models/other/infer'))).statusCode).toBe(404)
    expect((await test.app.inject('/v2/models/tiny/versions/2')).json().code).toBe('VAL_MODEL_UNKNOWN')
    expect((await test.app.inject('/v2/models/tiny')).json()).toMatchObject({ name: 'tiny', versions: ['1'] })
  })

  it('tells whether it can score now', async () => {
    let ready = true
    await using test = await openTestApp({ isReady: () => ready })
    expect((await test.app.inject('/v2/health/ready')).json()).toEqual({ ready: true })
    expect((await test.app.inject('/v2/models/tiny/ready')).json()).toEqual({ name: 'tiny', ready: true })
    ready = false
    expect((await test.app.inject('/v2/health/ready')).statusCode).toBe(503)
    expect((await test.app.inject('/v2/models/tiny/ready')).statusCode).toBe(503)
    expect((await test.app.inject('/v2/health/live')).json()).toEqual({ live: true })
  })

  it('fails the request when a text cannot be scored', async () => {
    await using test = await openTestApp()
    test.scorer.answer = unavailable
    expect((await test.app.inject(infer(tensor(['a'], [1])))).statusCode).toBe(503)
  })
})
