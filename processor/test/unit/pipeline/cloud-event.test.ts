import { recordHeader, type TextEvent } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { withCloudEventHeaders } from '../../../src/pipeline/cloud-event.ts'

const bare: TextEvent = { id: null, text: 'x', occurredAt: null, source: null, lang: null, attributes: {} }
const version = recordHeader('ce_specversion', '1.0')

function headers(pairs: Record<string, string>) {
  return [version, ...Object.entries(pairs).map(([name, value]) => recordHeader(name, value))]
}

describe('a CloudEvent in binary mode', () => {
  it('has id, time and source in headers', () => {
    const given = headers({ ce_id: 'A-1', ce_time: '2026-01-02T03:04:05Z', ce_source: '/shop', ce_type: 'review' })
    expect(withCloudEventHeaders(bare, given)).toEqual({
      ...bare,
      id: 'A-1',
      occurredAt: Date.parse('2026-01-02T03:04:05Z'),
      source: '/shop',
    })
  })

  it('keeps what the payload says', () => {
    const own = { ...bare, id: '7', occurredAt: 5, source: 'web' }
    const given = headers({ ce_id: 'A-1', ce_time: '2026-01-02T03:04:05Z', ce_source: '/shop' })
    expect(withCloudEventHeaders(own, given)).toEqual(own)
  })

  it('may have a time that does not parse, and an empty id', () => {
    expect(withCloudEventHeaders(bare, headers({ ce_time: 'noon', ce_id: '' }))).toEqual(bare)
  })

  it('is none without a version', () => {
    expect(withCloudEventHeaders(bare, [recordHeader('ce_id', 'A-1')])).toBe(bare)
  })
})
