import type { TopicFailure } from '../jobs/backup/topic-failures.ts'
import type { ExitCode, Output } from './context.ts'
import { safeLine } from './output.ts'

/** Prints each failure. Returns exit code 1 if there is one, else 0. */
export function reportTopicFailures(stderr: Output, failures: readonly TopicFailure[]): ExitCode {
  for (const { topic, error } of failures) {
    stderr.write(`${safeLine(`${topic}: ${error.code}: ${error.message}`)}\n${error.help}\n`)
  }
  return failures.length === 0 ? 0 : 1
}
