import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/**
 * The logger: JSON, one line an event, constant messages with the data in fields. Texts and credentials are never logged.
 * @param destination where lines go; standard error by default, so that standard output stays for data
 */
export function createLogger(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  return pino(
    {
      level,
      base: { service: 'valence' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ['*.password', '*.authorization', '*.cookie', 'text', '*.text'], censor: '[redacted]' },
    },
    destination,
  )
}

export const silentLogger: Logger = pino({ level: 'silent' })
