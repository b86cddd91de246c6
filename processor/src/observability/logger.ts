import { type DestinationStream, type Logger, pino } from 'pino'
import { redact } from '../config/redaction.ts'
import { keepEscapes, printable } from '../platform/printable.ts'
import type { Metrics } from './metrics.ts'
import { RepeatLimit } from './repeat-limit.ts'

export type { Logger } from 'pino'

/** A warning or error that comes more often than this is held back and summed up. */
const repeats = { burst: 5, windowMs: 10_000, maxKinds: 1_000 } as const

const { warn, fatal } = pino.levels.values as { warn: number; fatal: number }

/** Credentials and texts, wherever they stand in the fields of a line. */
const redactedNames = ['password', 'token', 'secret', 'authorization', 'cookie', 'apiKey', 'text']

const watchers = new WeakMap<object, Metrics['log']>()

/** Counts what a logger writes and holds back. */
export function meterLog(logger: Logger, { log }: Metrics): void {
  watchers.set(logger, log)
}

/** A child is made upon its parent and counts with it. */
function watcherOf(logger: object): Metrics['log'] | undefined {
  for (let each: object | null = logger; each !== null; each = Object.getPrototypeOf(each)) {
    const found = watchers.get(each)
    if (found) return found
  }
  return undefined
}

type LogArguments = [fields?: unknown, message?: unknown, ...rest: unknown[]]

/** Messages are constant, so a message and a code are one kind of event. */
function kindOf([fields, message]: LogArguments): string {
  if (typeof fields === 'string') return fields
  return `${message} ${(fields as { code?: unknown } | undefined)?.code ?? ''}`
}

function withCount([fields, ...rest]: LogArguments, suppressed: number): LogArguments {
  return typeof fields === 'object' ? [{ ...fields, suppressed }, ...rest] : [{ suppressed }, fields, ...rest]
}

/** Writes lines when the event loop gets to it; `flushSync` writes what still waits, at once. */
export interface LogDestination extends DestinationStream {
  flushSync?(): void
}

/**
 * The logger: JSON, one line an event, constant messages with the data in fields. Texts and credentials are never logged; those
 * within other values, URLs for one, are taken out of the line.
 * @param destination where lines go; standard error by default, so that standard output stays for data
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
            watcherOf(this)?.suppressed.inc()
            return
          }
          watcherOf(this)?.lines.inc({ level: pino.levels.labels[number] ?? 'info' })
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
    // pino calls it after a fatal line: the process may be killed before the event loop would write.
    flushSync: () => destination.flushSync?.(),
  }
}

/** Lines for people: only where standard error is a terminal. */
export async function prettyDestination(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  const lines = pretty({ destination: 2, sync: true, ignore: 'service,pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
  return { write: (line) => void lines.write(keepEscapes(line)) }
}

export const silentLogger: Logger = pino({ level: 'silent' })
