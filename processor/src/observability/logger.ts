import { type DestinationStream, type Logger, pino } from 'pino'
import { redact } from '../config/redaction.ts'
import { keepEscapes, printable } from '../platform/printable.ts'
import type { Metrics } from './metrics.ts'
import { RepeatLimit } from './repeat-limit.ts'

export type { Logger } from 'pino'

/** Per 10 s at most 5 warnings or errors of a kind are written; further ones are counted and summarised in one line. */
const repeats = { burst: 5, windowMs: 10_000, maxKinds: 1_000 } as const

const { warn, fatal } = pino.levels.values as { warn: number; fatal: number }

/** Names of fields with credentials or texts; redacted on the first three levels of a line. */
const redactedNames = ['password', 'token', 'secret', 'authorization', 'cookie', 'apiKey', 'text']

const meters = new WeakMap<object, Metrics['log']>()

/** Counts the written and the suppressed lines of a logger and its children. */
export function meterLog(logger: Logger, { log }: Metrics): void {
  meters.set(logger, log)
}

/** The metrics of a logger or of its nearest parent: pino makes the parent the prototype of a child. */
function meterOf(logger: object): Metrics['log'] | undefined {
  for (let each: object | null = logger; each !== null; each = Object.getPrototypeOf(each)) {
    const found = meters.get(each)
    if (found) return found
  }
  return undefined
}

type LogArguments = [fields?: unknown, message?: unknown, ...rest: unknown[]]

/** Kind of a line for the repeat limit: its message, which is constant, and its error code. */
function kindOf([fields, message]: LogArguments): string {
  if (typeof fields === 'string') return fields
  return `${message} ${(fields as { code?: unknown } | undefined)?.code ?? ''}`
}

function withCount([fields, ...rest]: LogArguments, suppressed: number): LogArguments {
  return typeof fields === 'object' ? [{ ...fields, suppressed }, ...rest] : [{ suppressed }, fields, ...rest]
}

/** A stream that may write asynchronously; `flushSync` writes the pending lines at once. */
export interface LogDestination extends DestinationStream {
  flushSync?(): void
}

/**
 * Creates the logger: one JSON line per event, with a constant message and the data in fields. Texts and credentials are
 * redacted, also credentials within other values such as URLs.
 * @param destination default: standard error, because standard output is for data
 */
export function createLogger(level: string, destination: LogDestination = pino.destination(2)): Logger {
  const limit = new RepeatLimit(repeats)
  return pino(
    {
      level,
      base: { service: 'valence' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
      hooks: {
        logMethod(args, method, number) {
          const write = (given: LogArguments) => method.apply(this, given as Parameters<typeof method>)
          const summarise = (suppressed: number) => write(withCount(args as LogArguments, suppressed))
          if (number >= warn && number < fatal && !limit.admits(kindOf(args as LogArguments), summarise)) {
            meterOf(this)?.suppressed.inc()
            return
          }
          meterOf(this)?.lines.inc({ level: pino.levels.labels[number] ?? 'info' })
          write(args as LogArguments)
        },
      },
    },
    redacting(destination),
  )
}

function redacting(destination: LogDestination): LogDestination {
  return {
    write: (line) => destination.write(`${printable(redact(line.trimEnd()))}\n`),
    // pino calls it after a fatal line: the process can be killed before an asynchronous write.
    flushSync: () => destination.flushSync?.(),
  }
}

/** Formats lines for a terminal on standard error. */
export async function prettyDestination(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  const lines = pretty({ destination: 2, sync: true, ignore: 'service,pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
  return { write: (line) => void lines.write(keepEscapes(line)) }
}

export const silentLogger: Logger = pino({ level: 'silent' })
