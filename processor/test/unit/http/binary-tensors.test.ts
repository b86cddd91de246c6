import { describe, expect, it } from 'vitest'
import { lengthHeader, packBinaryResponse, readBinaryRequest } from '../../../src/http/binary-tensors.ts'

function pack(...texts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text)
      const length = Buffer.alloc(4)
      length.writeUInt32LE(bytes.length)
      return [length, bytes]
    }),
  )
}

const json = Buffer.from(JSON.stringify({ id: 'r', inputs: [{ name: 'text', datatype: 'BYTES', shape: [2] }] }))
const read = (head: Buffer, tensors: Buffer, length: unknown = head.length) =>
  readBinaryRequest({ [lengthHeader]: String(length) }, Buffer.concat([head, tensors]))
const invalid = expect.objectContaining({ code: 'VAL_HTTP_BODY_INVALID' })

describe('readBinaryRequest', () => {
  it('puts the texts of the tensor where JSON would have them', () => {
    expect(read(json, pack('good', '', 'schlüssig 👍'))).toEqual({
      id: 'r',
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [2], data: ['good', '', 'schlüssig 👍'] }],
    })
  })

  it('is the JSON alone where nothing follows it, with or without the header', () => {
    expect(read(json, Buffer.alloc(0))).toEqual(JSON.parse(json.toString()))
    expect(readBinaryRequest({}, json)).toEqual(JSON.parse(json.toString()))
  })

  it.each([
    ['is no number', 'x'],
    ['is negative', -1],
    ['is no whole number', 1.5],
    ['is longer than the body', json.length + 1],
  ])('refuses a length that %s', (_, length) => expect(() => read(json, Buffer.alloc(0), length)).toThrow(invalid))

  it.each([
    ['within a length', pack('good').subarray(0, 3)],
    ['within a text', pack('good').subarray(0, 7)],
    ['within the length of the second text', Buffer.concat([pack('good'), Buffer.alloc(1)])],
    ['long before a length that lies', Buffer.from([255, 255, 255, 255, 1])],
  ])('refuses a tensor that ends %s', (_, tensors) => expect(() => read(json, tensors)).toThrow(invalid))

  it.each(['{', 'null', '1', ''])('refuses %j before the tensors', (text) =>
    expect(() => read(Buffer.from(text), pack('good'))).toThrow(invalid),
  )

  it('refuses a text that is no UTF-8', () =>
    expect(() => read(json, pack(Buffer.from([0xff])))).toThrow(
      expect.objectContaining({ code: 'VAL_RECORD_NOT_UTF8' }),
    ))
})

describe('packBinaryResponse', () => {
  const outputs = [
    { name: 'label', datatype: 'BYTES' as const, shape: [2], data: ['positive', 'ü'] },
    { name: 'score', datatype: 'FP64' as const, shape: [2], data: [0.5, 1] },
    { name: 'tokens', datatype: 'INT32' as const, shape: [2], data: [3, -1] },
  ]

  it('puts the tensors behind the JSON, in their order and little-endian', () => {
    const { body, jsonBytes } = packBinaryResponse({ outputs }, () => true)
    const head = JSON.parse(body.subarray(0, jsonBytes).toString())
    expect(head.outputs).toEqual([
      { name: 'label', datatype: 'BYTES', shape: [2], parameters: { binary_data_size: 18 } },
      { name: 'score', datatype: 'FP64', shape: [2], parameters: { binary_data_size: 16 } },
      { name: 'tokens', datatype: 'INT32', shape: [2], parameters: { binary_data_size: 8 } },
    ])
    const tensors = body.subarray(jsonBytes)
    expect(tensors.subarray(0, 18)).toEqual(pack('positive', 'ü'))
    expect([tensors.readDoubleLE(18), tensors.readDoubleLE(26)]).toEqual([0.5, 1])
    expect([tensors.readInt32LE(34), tensors.readInt32LE(38)]).toEqual([3, -1])
    expect(tensors).toHaveLength(42)
  })

  it('leaves tensors in the JSON that are not wanted otherwise', () => {
    const { body, jsonBytes } = packBinaryResponse({ outputs }, (name) => name === 'score')
    const head = JSON.parse(body.subarray(0, jsonBytes).toString())
    expect([head.outputs[0], head.outputs[2]]).toEqual([outputs[0], outputs[2]])
    expect(body.length - jsonBytes).toBe(16)
  })
})
