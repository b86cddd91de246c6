import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/runtime/logger.ts'

function capture(level: string) {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger(level, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { logger, lines }
}

describe('createLogger', () => {
  it('writes one JSON object a line: level by name, ISO time, constant message, fields', () => {
    const { logger, lines } = capture('info')
    logger.info({ partition: 3 }, 'partition taken')
    expect(lines).toEqual([
      expect.objectContaining({ level: 'info', msg: 'partition taken', partition: 3, service: 'valence' }),
    ])
    expect(lines[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
  })

  it('leaves out what is below its level', () => {
    const { logger, lines } = capture('warn')
    logger.info('quiet')
    logger.error('loud')
    expect(lines.map(({ msg }) => msg)).toEqual(['loud'])
  })

  it('never writes texts or credentials', () => {
    const { logger, lines } = capture('info')
    logger.info({ text: 'private words', record: { text: 'private words' }, sasl: { password: 'hunter2' } }, 'event')
    expect(JSON.stringify(lines)).not.toMatch(/private words|hunter2/)
  })
})
