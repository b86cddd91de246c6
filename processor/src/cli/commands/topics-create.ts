import { readConfig } from '../../config/config.ts'
import { createTopology } from '../../jobs/create-topology.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { countOption } from '../options.ts'
import { paint, safeLine, writeAnswer } from '../output.ts'
import { tabulateTopics, topicToJson } from '../views/topics-view.ts'

/** `topics create`: creates the topics of the configuration; existing topics are not changed. */
export async function runTopicsCreate(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const { stderr } = context
  const config = readConfig(context.environment)
  const partitions = countOption(options, 'partitions') ?? 6
  const replication = countOption(options, 'replication')
  const results = await withAdmin(config, (admin) => createTopology(config, admin, partitions, replication))
  await writeAnswer(context, options, results.map(topicToJson), () => tabulateTopics(results))
  const failed = results.filter(({ state }) => state === 'failed')
  for (const { topic, error } of failed) {
    const note = `${safeLine(`${topic}: ${error?.code}: ${error?.message}`)}\n${error?.help}\n`
    stderr.write(paint(stderr, 'red', note))
  }
  const different = results.filter(({ state, partitions: found }) => state !== 'failed' && found !== partitions)
  for (const { topic, partitions: found } of different) {
    const note = `${topic} has ${found} partitions, not ${partitions}; it was left alone, because adding partitions moves keys to others\n`
    stderr.write(paint(stderr, 'yellow', note))
  }
  return failed.length === 0 ? 0 : 1
}
