import { recordHeader } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../../src/kafka/index.ts'
import { headersOf, messageHeaders } from '../../../src/kafka/message-headers.ts'
import type { DecoderInternals } from '../../../src/kafka/overlay/decode-messages.ts'
import { recordBytes } from '../../support/record-bytes.ts'
import { stockModule } from '../../support/stock-kafkajs.ts'

const Decoder = stockModule<DecoderInternals['Decoder']>('protocol/decoder.js')
const stockDecode = stockModule<(decoder: object, context: object) => { headers: Message['headers'] }>(
  'protocol/recordBatch/record/v0/decoder.js',
)
const stockEncode = stockModule<(message: object) => { buffer: Buffer }>('protocol/recordBatch/record/v0/index.js')

const inherited = ['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty']

describe('on stock kafkajs', () => {
  it.each(inherited)('a header named %s comes out as it went in, and goes in as it came out', (name) => {
    const given = [recordHeader(name, '1'), recordHeader('x', '2'), recordHeader(name, '3')]
    const { buffer } = stockEncode({ value: Buffer.from('v'), headers: messageHeaders(given) })
    expect(buffer.toString('hex')).toBe(
      recordBytes({
        value: Buffer.from('v'),
        // Those of one name follow each other: this is what an object can say.
        headers: [name, name, 'x'].map((own, index) => ({
          name: Buffer.from(own),
          value: Buffer.from('132'[index] ?? ''),
        })),
      }).toString('hex'),
    )
    const message = stockDecode(new Decoder(buffer.subarray(1)), { firstOffset: '0', firstTimestamp: '0' })
    expect(headersOf(message)).toEqual([given[0], given[2], given[1]])
  })

  it('a null, which it cannot encode, is sent as an empty value', () => {
    const headers = [recordHeader('n', null), recordHeader('n', '1')]
    expect(() => stockEncode({ value: 'v', headers: { n: null } })).toThrow(TypeError)
    expect({ ...messageHeaders(headers) }).toEqual({ n: [Buffer.alloc(0), Buffer.from('1')] })
    expect(() => stockEncode({ value: 'v', headers: messageHeaders(headers) })).not.toThrow()
  })
})

describe('headersOf', () => {
  it('prefers the list of the overlay', () => {
    const headerList = [recordHeader('x', '1'), recordHeader('y', null), recordHeader('x', '2')]
    const headers = { x: [Buffer.from('1'), Buffer.from('2')] }
    expect(headersOf({ headers, headerList } as { headers: Message['headers'] } as never)).toBe(headerList)
  })

  it('is empty for a message of an old format, which has none', () => {
    expect(headersOf({} as never)).toEqual([])
  })
})
