import { readConfig } from '../../config/config.ts'
import { replaySpan } from '../../jobs/replay/replay-span.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { LineProblems } from '../line-problems.ts'
import { counted, writeAnswer } from '../output.ts'
import { replayOptions } from '../replay-options.ts'
import { runJob } from '../run-job.ts'

/** `replay`: scores the records of a time span again, into a separate topic. */
export async function runReplay(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const request = replayOptions(config, options, Date.now())
  const refusals = new LineProblems('record')
  const onRefused = refusals.add.bind(refusals)
  const counts = await runJob(context, config, 'texts', (job) => replaySpan(job, { ...request, onRefused })).finally(
    () => refusals.report(context.stderr, 'refused by the broker'),
  )
  const { groupId, outputTopic, topic } = request
  const [from, to] = [new Date(request.from).toISOString(), new Date(request.to).toISOString()]
  await writeAnswer(context, options, { ...counts, topic, outputTopic, from, to, group: groupId }, () => {
    const summary = `${counted(counts.scored, 'text')} scored into ${outputTopic}, ${counts.rejected} rejected, ${counts.refused} refused`
    return [`${summary} (group ${groupId})`]
  })
  if (context.signal.aborted) {
    context.stderr.write(`stopped early; go on with --from ${from} --to ${to} --output ${outputTopic}\n`)
    return 1
  }
  return counts.rejected > 0 || counts.refused > 0 ? 1 : 0
}
