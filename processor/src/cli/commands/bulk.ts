import { readConfig } from '../../config/config.ts'
import { listObjects } from '../../jobs/bulk/bulk-source.ts'
import { BulkRun } from '../../jobs/bulk/run-bulk.ts'
import { fileFormats } from '../../text-files/input-file.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { LineProblems } from '../line-problems.ts'
import { choiceOption, countOption, textOption } from '../options.ts'
import { writeAnswer } from '../output.ts'
import { runJob } from '../run-job.ts'
import { describeBulk } from '../views/bulk-view.ts'

const defaultStillMs = 300_000

/** `bulk SOURCE`: sends the texts of files or S3 objects through the topics and waits for their results. */
export async function runBulk(
  context: CliContext,
  options: CommandOptions,
  [source = '']: readonly string[],
): Promise<ExitCode> {
  const { stderr, signal } = context
  const config = readConfig(context.environment)
  const [lines, objects] = [new LineProblems(), new LineProblems('object')]
  const request = {
    topic: config.inputTopics[0] as string,
    format: choiceOption(options, 'format', fileFormats),
    key: textOption(options, 'key'),
    stillMs: countOption(options, 'timeoutMs') ?? defaultStillMs,
    onLineProblem: lines.add.bind(lines),
    onObjectProblem: objects.add.bind(objects),
  }
  const startedAt = performance.now()
  const found = await listObjects(source, config.bulkS3Endpoint)
  const { isComplete, ...counts } = await runJob(context, config, 'texts', (job) =>
    new BulkRun(job, request).run(found),
  )
  const seconds = Number(((performance.now() - startedAt) / 1_000).toFixed(3))
  const summary = { ...counts, rejected: lines.count, seconds }
  await writeAnswer(context, options, { source, ...summary }, () => [describeBulk(summary)])
  lines.report(stderr, 'rejected')
  objects.report(stderr, 'not read to the end; the same command goes on with them')
  if (!isComplete) {
    stderr.write(
      signal.aborted
        ? 'stopped early; the same command goes on from here\n'
        : 'results are missing; do processors run? The same command goes on waiting\n',
    )
  }
  const failed = lines.count + objects.count + counts.deadLettered
  return isComplete && failed === 0 ? 0 : 1
}
