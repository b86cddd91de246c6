import { type ErrorCode, ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { ownFault } from '../../../../src/jobs/backup/topic-failures.ts'

describe('ownFault', () => {
  it.each<ErrorCode>(['VAL_KAFKA_TOPIC_MISSING', 'VAL_KAFKA_NOT_AUTHORISED', 'VAL_BACKUP_TOPIC_REPLACED'])(
    '%s is one topic’s, and the others go on',
    (code) => {
      expect(ownFault(new ValenceError(code)).code).toBe(code)
    },
  )

  it.each<ErrorCode>(['VAL_KAFKA_AUTHENTICATION_FAILED', 'VAL_KAFKA_UNREACHABLE', 'VAL_BACKUP_UNAVAILABLE'])(
    '%s would meet every topic, and ends the run',
    (code) => {
      expect(() => ownFault(new ValenceError(code))).toThrow(expect.objectContaining({ code }))
    },
  )

  it('throws a defect of ours on as it is', () => {
    const defect = new TypeError('x is not a function')
    expect(() => ownFault(defect)).toThrow(defect)
  })
})
