import type { Admin } from '@valence/producer-sdk/kafka'
import type { PartitionSession } from '../kafka/partition-session.ts'
import type { RecordBatch } from '../kafka/record.ts'
import { type Config, readConfig } from '../runtime/config.ts'
import type { CliContext, CommandOptions, ExitCode } from './cli-context.ts'
import { type LetterFilter, letterFilter, letterRanges, readLetters, toFoundLetter } from './dead-letters.ts'
import { withAdmin } from './kafka-admin.ts'
import { countOption, textOption } from './options.ts'
import { counted, writeJson, writeLines } from './output.ts'
import { sessionOpener, TopicSessions } from './partition-sessions.ts'
import { startProgress } from './progress.ts'
import { planReplay } from './replay-plan.ts'

interface Replay {
  readonly filter: LetterFilter
  readonly groupId: string
  readonly limit: number
}

interface Counts {
  replayed: number
  skipped: number
}

/**
 * `dlq replay`: sends dead letters back where they came from. The positions of the replay group are committed in the
 * transaction that sends the letters, so a replay that is killed half-way goes on where it was: each letter once.
 */
export async function runDlqReplay(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const filter = letterFilter(options, Date.now())
  const replay: Replay = {
    filter,
    groupId: textOption(options, 'group') ?? defaultGroup(config, filter),
    limit: countOption(options, 'limit') ?? Number.POSITIVE_INFINITY,
  }
  const counts = await withAdmin(config, (admin) => replayAll(context, config, admin, replay))
  if (options.json) await writeJson(context.stdout, { ...counts, group: replay.groupId })
  else {
    const summary = `${counted(counts.replayed, 'dead letter')} replayed, ${counts.skipped} skipped`
    await writeLines(context.stdout, [`${summary} (group ${replay.groupId})`])
  }
  if (!context.signal.aborted) return 0
  context.stderr.write('stopped early; the same command goes on from here\n')
  return 1
}

/** A group passes over what its filter leaves out, so each choice of codes gets a group of its own. */
function defaultGroup({ kafkaGroupId }: Config, { codes }: LetterFilter): string {
  return [`${kafkaGroupId}.replay`, ...[...(codes ?? [])].sort()].join('.')
}

async function replayAll(context: CliContext, config: Config, admin: Admin, replay: Replay): Promise<Counts> {
  const counts: Counts = { replayed: 0, skipped: 0 }
  await using sessions = new TopicSessions(config.deadLetterTopic, sessionOpener(config, admin, replay.groupId))
  const ranges = await sessions.open(await letterRanges(admin, config.deadLetterTopic))
  const total = ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0)
  const progress = await startProgress(context.stderr, { noun: 'dead letters', total })
  const left = new Set(ranges.map(({ partition }) => partition))
  try {
    for await (const batch of readLetters(config, ranges)) {
      if (!left.has(batch.partition)) continue
      const isSettled = await settle(batch, replay, sessions.of(batch.partition), counts, context.signal)
      progress.update(counts.replayed + counts.skipped, counts.replayed)
      if (isSettled) left.delete(batch.partition)
      if (context.signal.aborted || left.size === 0 || counts.replayed >= replay.limit) break
    }
  } finally {
    progress.stop()
  }
  return counts
}

/** True when nothing more of the partition is to be replayed by this run. */
async function settle(
  { partition, records, nextOffset }: RecordBatch,
  { filter, limit }: Replay,
  session: PartitionSession,
  counts: Counts,
  signal: AbortSignal,
): Promise<boolean> {
  const letters = records.map((record) => toFoundLetter(partition, record))
  for (const step of planReplay(letters, nextOffset, filter, () => limit - counts.replayed)) {
    await session.publish(step.outgoing, step.nextOffset)
    counts.replayed += step.outgoing.length
    counts.skipped += step.skipped
    if (step.isLast) return true
    if (signal.aborted) return false
  }
  return false
}
