import { readConfig } from '../../config/config.ts'
import { tryTopic } from '../../jobs/try/try-topic.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { countOption, textOption } from '../options.ts'
import { paint, writeJson, writeLines } from '../output.ts'
import { candidatesToJson, countTried, describeCandidates, tabulateTried, triedToJson } from '../views/try-view.ts'

const defaultLimit = 20
const defaultColumns = 120

/** `try`: shows what a processor would make of the newest records of a topic; without texts, where they could be. */
export async function runTry(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const { stdout, stderr, signal } = context
  const config = readConfig(context.environment)
  const topic = textOption(options, 'topic') ?? (config.inputTopics[0] as string)
  const limit = countOption(options, 'limit') ?? defaultLimit
  const tried = await tryTopic(config, { topic, limit, signal })
  const { records, offsets, candidates } = tried
  if (options.json) {
    await writeJson(stdout, {
      topic,
      offsets: String(offsets),
      records: records.map(triedToJson),
      candidates: candidates ? candidatesToJson(candidates) : null,
    })
  } else if (records.length === 0) {
    stderr.write(`${topic} holds no records to try\n`)
  } else {
    const columns = stdout.columns ?? defaultColumns
    if (candidates !== undefined) {
      const where = config.textField === undefined ? 'is a TextEvent' : 'has a text at VALENCE_TEXT_FIELD'
      stderr.write(paint(stderr, 'yellow', `No record of the sample ${where}.\n\n`))
      await writeLines(stdout, [...describeCandidates(candidates, records.length, columns), ''])
    }
    await writeLines(stdout, [...tabulateTried(records, columns), '', countTried(tried)])
    stderr.write(
      paint(stderr, 'dim', `${records.length} of about ${offsets} records; nothing was written or committed\n`),
    )
  }
  return records.some(({ outcome }) => outcome.kind === 'scored') ? 0 : 1
}
