import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checksums, verifyChecksums } from '../../../../src/kafka/overlay/checksums.ts'
import { kafkaJsRoot } from '../../../support/stock-kafkajs.ts'

let copy: string

describe('verifyChecksums', () => {
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'valence-checksums-'))
    cpSync(kafkaJsRoot, copy, { recursive: true })
  })
  afterEach(() => rmSync(copy, { recursive: true }))

  it('accepts the kafkajs that is installed', () => {
    expect(() => verifyChecksums(kafkaJsRoot)).not.toThrow()
    expect(() => verifyChecksums(copy)).not.toThrow()
  })

  it.each(Object.keys(checksums))('names %s when it was changed', (file) => {
    appendFileSync(join(copy, 'src', file), '\n')
    expect(() => verifyChecksums(copy)).toThrow(
      expect.objectContaining({ code: 'VAL_KAFKA_OVERLAY_MISMATCH', detail: `kafkajs/src/${file} was changed` }),
    )
  })

  it('names another version', () => {
    const path = join(copy, 'package.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"version": "2.2.4"', '"version": "2.3.0"'))
    expect(() => verifyChecksums(copy)).toThrow('kafkajs 2.3.0 instead of 2.2.4')
  })
})
