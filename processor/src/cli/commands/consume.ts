import { readConfig } from '../../config/config.ts'
import { expectScoredEvents } from '../../config/expect-scored-events.ts'
import { consumeScores } from '../../jobs/consume-scores.ts'
import { expectTopic } from '../../kafka/kafka-admin.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { countOption, textOption } from '../options.ts'
import { counted, paint, safeLine, writeJson } from '../output.ts'

/** `consume`: prints committed scored events, one JSON object per line, until a limit, a timeout or a signal. */
export async function runConsume(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const { stdout, stderr, signal } = context
  const config = readConfig(context.environment)
  const topic = textOption(options, 'topic') ?? config.outputTopic
  if (topic === config.outputTopic) expectScoredEvents(config, '`valence consume`')
  const group = textOption(options, 'group')
  const limit = countOption(options, 'limit') ?? Number.POSITIVE_INFINITY
  const timeoutMs = countOption(options, 'timeoutMs')
  await expectTopic(config, topic)
  const { events, invalid, timedOut } = await consumeScores(config, {
    ...{ topic, group, fromBeginning: options.fromBeginning === true, limit, timeoutMs, signal },
    onEvent: (event) => writeJson(stdout, event),
    onInvalid: ({ code, message }, { partition, offset }) =>
      void stderr.write(`${safeLine(`${partition}:${offset}: ${code}: ${message}`)}\n`),
  })
  const isShort = timedOut && Number.isFinite(limit)
  if (isShort) {
    const missing = `only ${counted(events, 'event')} of ${limit}: none came for ${timeoutMs} ms\n`
    stderr.write(paint(stderr, 'yellow', missing))
  }
  if (invalid > 0) stderr.write(paint(stderr, 'red', `${counted(invalid, 'record')} passed over\n`))
  return isShort || invalid > 0 ? 1 : 0
}
