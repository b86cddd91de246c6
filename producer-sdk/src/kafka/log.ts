import type { LogEntry, logLevel } from 'kafkajs'

/** The levels at which kafkajs logs. */
export type KafkaLogLevel = 'error' | 'warn' | 'info' | 'debug'

/** Receives kafkajs's log entries: the message, and all other data as fields. */
export type KafkaLog = (level: KafkaLogLevel, message: string, fields: Record<string, unknown>) => void

// kafkajs's level numbers; importing its enum would load kafkajs.
const levelNumbers = { silent: 0, error: 1, warn: 2, info: 4, debug: 5 } as const
const levelNames: Readonly<Record<number, KafkaLogLevel>> = { 1: 'error', 2: 'warn', 4: 'info', 5: 'debug' }

// This warning is wrong with the overlay: retries never reuse a sequence number for other records.
const untrue = /^Limiting retries for the idempotent producer/

/** The logging part of kafkajs's configuration. Without a callback nothing is logged. */
export function kafkaLogging(
  onLog: KafkaLog | undefined,
  level: KafkaLogLevel = 'warn',
): { logLevel: logLevel; logCreator: () => (entry: LogEntry) => void } {
  return {
    logLevel: onLog ? levelNumbers[level] : levelNumbers.silent,
    logCreator: () => (entry) => {
      const { message, timestamp: _, logger: __, ...fields } = entry.log
      if (untrue.test(message)) return
      onLog?.(levelNames[entry.level] ?? 'debug', message, { component: entry.namespace, ...fields })
    },
  }
}
