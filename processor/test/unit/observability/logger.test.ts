import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLogger, meterLog, prettyDestination } from '../../../src/observability/logger.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

function capture(level: string) {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger(level, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { logger, lines }
}

describe('createLogger', () => {
  it('writes one JSON object per line: level by name, ISO time, constant message, fields', () => {
    const { logger, lines } = capture('info')
    logger.info({ partition: 3 }, 'partition taken')
    expect(lines).toEqual([
      expect.objectContaining({ level: 'info', msg: 'partition taken', partition: 3, service: 'valence' }),
    ])
    expect(lines[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
  })

  it('does not write lines below its level', () => {
    const { logger, lines } = capture('warn')
    logger.info('quiet')
    logger.error('loud')
    expect(lines.map(({ msg }) => msg)).toEqual(['loud'])
  })

  it('writes a fatal line synchronously', () => {
    const waiting: string[] = []
    const written: string[] = []
    const destination = {
      write: (line: string) => void waiting.push(JSON.parse(line).msg),
      flushSync: () => void written.push(...waiting.splice(0)),
    }
    const logger = createLogger('info', destination)
    logger.error('routine')
    expect(written).toEqual([])
    logger.fatal('exiting')
    expect(written).toEqual(['routine', 'exiting'])
  })

  it('never writes texts or credentials', () => {
    const { logger, lines } = capture('info')
    logger.info({ text: 'private words', record: { text: 'private words' }, sasl: { password: 'hunter2' } }, 'event')
    logger.info({ request: { headers: { authorization: 'hunter2', cookie: 'hunter2' } }, apiKey: 'hunter2' }, 'event')
    expect(JSON.stringify(lines)).not.toMatch(/private words|hunter2/)
  })
})

describe('repeated warnings and errors', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('are written a few times, then summarised in one line', () => {
    const { logger, lines } = capture('info')
    for (let number = 0; number < 1_000; number += 1) logger.warn({ code: 'VAL_X', number }, 'again')
    expect(lines.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4])
    vi.advanceTimersByTime(10_000)
    expect(lines[5]).toMatchObject({ msg: 'again', code: 'VAL_X', level: 'warn', number: 999, suppressed: 995 })
    logger.warn({ code: 'VAL_X' }, 'again')
    expect(lines).toHaveLength(7)
  })

  it('are distinguished by message and code; other levels are always written', () => {
    const { logger, lines } = capture('info')
    for (let number = 0; number < 6; number += 1) {
      logger.error('bare')
      logger.warn({ code: 'VAL_A' }, 'one')
      logger.warn({ code: 'VAL_B' }, 'one')
      logger.info('routine')
      logger.fatal('end')
    }
    const count = (msg: string) => lines.filter((line) => line.msg === msg).length
    expect(['bare', 'one', 'routine', 'end'].map(count)).toEqual([5, 10, 6, 6])
    vi.advanceTimersByTime(10_000)
    expect(lines.filter(({ suppressed }) => suppressed === 1).map(({ msg }) => msg)).toEqual(['bare', 'one', 'one'])
  })

  it('are counted', async () => {
    const { logger } = capture('info')
    const metrics = createMetrics()
    meterLog(logger, metrics)
    for (let number = 0; number < 8; number += 1) logger.warn('again')
    logger.debug('not written')
    const text = await metrics.registry.metrics()
    expect(text).toContain('valence_log_lines_total{level="warn"} 5')
    expect(text).toContain('valence_log_lines_total{level="debug"} 0')
    expect(text).toContain('valence_log_suppressed_total 3')
  })

  it('of a child are counted with its parent', async () => {
    const { logger } = capture('info')
    const metrics = createMetrics()
    meterLog(logger, metrics)
    logger.child({}, { redact: [] }).child({}).info('request')
    expect(await metrics.registry.metrics()).toContain('valence_log_lines_total{level="info"} 1')
  })
})

describe('on a terminal', () => {
  it('lines are formatted for reading', async () => {
    const pretty = await prettyDestination()
    expect(pretty).toHaveProperty('write')
  })
})
