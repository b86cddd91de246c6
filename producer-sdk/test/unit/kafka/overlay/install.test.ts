import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { createKafka, isOverlayInstalled, kafkaErrors } from '../../../../src/kafka/index.ts'

const require = createRequire(import.meta.url)
const options = { brokers: 'localhost:1', clientId: 'test' }

// In a process of its own: whoever loads kafkajs first decides for the process.
describe('kafkajs loaded by somebody else', () => {
  it('is refused, because it runs without the overlay', () => {
    require('kafkajs')
    expect(() => createKafka(options)).toThrow(
      expect.objectContaining({ code: 'VAL_KAFKA_OVERLAY_MISMATCH', detail: expect.stringContaining('loaded before') }),
    )
    expect(isOverlayInstalled()).toBe(false)
  })

  it('can be used as it is', () => {
    expect(() => createKafka({ ...options, overlay: false }).admin()).not.toThrow()
  })

  it('has errors that are classified all the same', () => {
    const { KafkaJSConnectionError } = require('kafkajs') as typeof import('kafkajs')
    expect(kafkaErrors.classify(new KafkaJSConnectionError('no', {})).fault).toBe('unreachable')
  })
})
