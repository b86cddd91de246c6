import { readConfig } from '../../config/config.ts'
import { replayLetters } from '../../jobs/dead-letters/replay-letters.ts'
import type { RefusedLetters } from '../../jobs/dead-letters/replay-origins.ts'
import { letterReplayGroup } from '../../kafka/group-names.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { letterFilter } from '../letter-options.ts'
import { countOption, textOption } from '../options.ts'
import { counted, safeLine, writeAnswer } from '../output.ts'
import { runJob } from '../run-job.ts'

/** `dlq replay`: sends dead letters back to their origin topics, each once per group. */
export async function runDlqReplay(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const filter = letterFilter(options, Date.now())
  const groupId = textOption(options, 'group') ?? letterReplayGroup(config.kafkaGroupId, filter.codes ?? [])
  const limit = countOption(options, 'limit') ?? Number.POSITIVE_INFINITY
  const { counts, refused } = await runJob(context, config, 'dead letters', (job) =>
    replayLetters(job, { filter, groupId, limit }),
  )
  await writeAnswer(context, options, { ...counts, group: groupId }, () => {
    const kept = counts.refused > 0 ? `, ${counts.refused} kept` : ''
    return [`${counted(counts.replayed, 'dead letter')} replayed, ${counts.skipped} skipped${kept} (group ${groupId})`]
  })
  report(context, refused)
  if (!context.signal.aborted) return refused.length === 0 ? 0 : 1
  context.stderr.write('stopped early; the same command goes on from here\n')
  return 1
}

const namedLetters = 5

/** Prints the letters that the origin topics refused. */
function report({ stderr }: CliContext, refused: readonly RefusedLetters[]): void {
  for (const { topic, code, letters } of refused) {
    const more = letters.length > namedLetters ? ', …' : ''
    const named = `${letters.slice(0, namedLetters).join(', ')}${more}`
    const noun = counted(letters.length, 'dead letter')
    stderr.write(`${safeLine(`${topic}: ${code}: ${noun} kept (${named})`)}\n`)
  }
  if (refused.length > 0)
    stderr.write('they are behind the other dead letters now; mend the cause, and the same command sends them\n')
}
