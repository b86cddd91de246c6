import { Writable } from 'node:stream'
import { ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import type { CliContext, Output } from '../../../src/cli/context.ts'
import { runService } from '../../../src/cli/run-service.ts'

function context(events: string[], stop = new AbortController()) {
  let log = ''
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      log += chunk
      done()
    },
  })
  const given = {
    environment: { VALENCE_SHUTDOWN_TIMEOUT_MS: '100' },
    stderr: Object.assign(stderr, { isTTY: false }) as unknown as Output,
    signal: stop.signal,
    exit: (code: number) => {
      events.push(`exit ${code}`)
      return code
    },
  }
  return { given: given as unknown as CliContext, log: () => log }
}

const failure = new ValenceError('VAL_KAFKA_TOPIC_RECREATED', 'the records are gone')

describe('a service that only a new process can carry on', () => {
  it('lets the inference threads end before it exits, and stops nothing else', async () => {
    const events: string[] = []
    const { given } = context(events)
    const code = await runService(given, async ({ onFatal }) => {
      queueMicrotask(() => onFatal(failure))
      return {
        adminPort: 0,
        stop: async () => void events.push('stopped'),
        halt: async () => void events.push('halted'),
      }
    })
    expect(events).toEqual(['halted', 'exit 1'])
    expect(code).toBe(1)
  })

  it('exits all the same where a thread hangs, or ends badly', async () => {
    for (const halt of [() => new Promise<void>(() => undefined), () => Promise.reject(new Error('no'))]) {
      const events: string[] = []
      const { given } = context(events)
      await runService(given, async ({ onFatal }) => {
        onFatal(failure)
        return { adminPort: 0, stop: async () => void events.push('stopped'), halt }
      })
      expect(events).toEqual(['exit 1'])
    }
  })
})

describe('a service that is told to stop before its start is complete', () => {
  it('is done once the start gives up', async () => {
    const stop = new AbortController()
    const events: string[] = []
    const { given } = context(events, stop)
    const code = await runService(given, async ({ signal }) => {
      queueMicrotask(() => stop.abort())
      return await new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    expect({ code, events }).toEqual({ code: 0, events: [] })
  })

  it('exits within its shutdown time where the start hangs', async () => {
    const stop = new AbortController()
    const events: string[] = []
    const { given } = context(events, stop)
    void runService(given, () => new Promise<never>(() => queueMicrotask(() => stop.abort())))
    await expect.poll(() => events).toEqual(['exit 1'])
  })
})
