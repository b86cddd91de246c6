import fc from 'fast-check'
import { expect, it } from 'vitest'
import { murmur2 } from '../../../../src/kafka/overlay/murmur2.ts'
import { stockModule } from '../../../support/stock-kafkajs.ts'

const stock = stockModule<(key: Buffer | string) => number>('producer/partitioners/default/murmur2.js')

const key = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
  fc.string({ unit: 'binary', maxLength: 100 }),
)

it('is the hash of kafkajs', () => {
  fc.assert(
    fc.property(key, (given) => {
      expect(murmur2(given)).toBe(stock(given))
    }),
    { numRuns: 500 },
  )
})

// Of the Java client's own tests.
it.each([
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107],
])('is the hash of the Java client: %s', (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash)
})

it('costs a key of 1 MB no more than its length', () => {
  const begun = performance.now()
  murmur2(Buffer.alloc(1_048_576, 'k'))
  expect(performance.now() - begun).toBeLessThan(2_000)
})
