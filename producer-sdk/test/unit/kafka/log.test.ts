import type { LogEntry } from 'kafkajs'
import { describe, expect, it, vi } from 'vitest'
import { kafkaLogging } from '../../../src/kafka/log.ts'

function entry(message: string, level = 2): LogEntry {
  return { namespace: 'Connection', level, label: 'WARN', log: { timestamp: 'now', message, broker: 'b:1' } as never }
}

describe('kafkaLogging', () => {
  it('is silent without a callback', () => {
    expect(kafkaLogging(undefined).logLevel).toBe(0)
    expect(() => kafkaLogging(undefined).logCreator()(entry('anything'))).not.toThrow()
  })

  it('hands on level, message and fields', () => {
    const onLog = vi.fn()
    kafkaLogging(onLog).logCreator()(entry('Connection timeout'))
    expect(onLog).toHaveBeenCalledWith('warn', 'Connection timeout', { component: 'Connection', broker: 'b:1' })
  })

  it.each([
    ['error', 1],
    ['warn', 2],
    ['info', 4],
    ['debug', 5],
  ] as const)('knows %s', (level, number) => {
    const onLog = vi.fn()
    expect(kafkaLogging(onLog, level).logLevel).toBe(number)
    kafkaLogging(onLog).logCreator()(entry('message', number))
    expect(onLog).toHaveBeenCalledWith(level, 'message', expect.anything())
  })

  it('drops the warning that the overlay makes untrue', () => {
    const onLog = vi.fn()
    kafkaLogging(onLog).logCreator()(
      entry('Limiting retries for the idempotent producer may invalidate EoS guarantees'),
    )
    expect(onLog).not.toHaveBeenCalled()
  })
})
