import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { OutputProbe } from '@valence/testing/processes/cli-run'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Output } from '../../../src/cli/context.ts'
import { counted, paint, writeJson, writeLines } from '../../../src/cli/output.ts'

const asOutput = (stream: unknown) => stream as Output

describe('writeLines', () => {
  it('ends each line and writes nothing for none', async () => {
    const probe = new OutputProbe()
    await writeLines(asOutput(probe), ['one', 'two'])
    await writeLines(asOutput(probe), [])
    await writeJson(asOutput(probe), { three: 3 })
    expect(probe.text).toBe('one\ntwo\n{"three":3}\n')
  })

  it('waits while the reader is behind', async () => {
    const pending: (() => void)[] = []
    const slow = new Writable({ highWaterMark: 4, write: (_chunk, _encoding, done) => void pending.push(done) })
    let isWritten = false
    const writing = writeLines(asOutput(slow), ['longer than the buffer']).then(() => {
      isWritten = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isWritten).toBe(false)
    pending.shift()?.()
    await writing
    expect(isWritten).toBe(true)
  })
})

describe('paint', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('leaves text plain where nobody looks', () => {
    expect(paint(asOutput(new OutputProbe(false)), 'red', 'bad')).toBe('bad')
  })

  it('colours for a terminal', () => {
    vi.stubEnv('NO_COLOR', undefined)
    vi.stubEnv('NODE_DISABLE_COLORS', undefined)
    vi.stubEnv('FORCE_COLOR', '1')
    const painted = paint(asOutput(new OutputProbe(true)), 'red', 'bad')
    expect(painted).not.toBe('bad')
    expect(stripVTControlCharacters(painted)).toBe('bad')
  })

  it('respects NO_COLOR', () => {
    vi.stubEnv('FORCE_COLOR', undefined)
    vi.stubEnv('NO_COLOR', '1')
    expect(paint(asOutput(new OutputProbe(true)), 'red', 'bad')).toBe('bad')
  })
})

describe('counted', () => {
  it('agrees in number and groups thousands', () => {
    expect([0, 1, 2, 12_345].map((count) => counted(count, 'text'))).toEqual([
      '0 texts',
      '1 text',
      '2 texts',
      '12,345 texts',
    ])
  })
})
