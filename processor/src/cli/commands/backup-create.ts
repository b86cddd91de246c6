import { readConfig } from '../../config/config.ts'
import { openBackupStorage } from '../../jobs/backup/backup-storage.ts'
import { createBackup } from '../../jobs/backup/create-backup.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { counted, writeAnswer } from '../output.ts'
import { reportTopicFailures } from '../report-topic-failures.ts'

/** `backup create PLACE`: saves the state that a new cluster needs. Each run adds what is new since the last one. */
export async function runBackupCreate(
  context: CliContext,
  options: CommandOptions,
  [place = '']: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const storage = await openBackupStorage(place, config.bulkS3Endpoint)
  const startedAt = performance.now()
  const { manifest, records, failures } = await withAdmin(config, (admin) =>
    createBackup(config, admin, storage, options.records !== false),
  )
  const summary = {
    at: manifest.at,
    topics: manifest.topics.length,
    groups: Object.keys(manifest.groups).length,
    acls: manifest.acls.length,
    schemas: manifest.schemas.length,
    models: manifest.models.filter((name) => name.endsWith('/model.json')).length,
    records,
    seconds: Number(((performance.now() - startedAt) / 1_000).toFixed(3)),
  }
  await writeAnswer(context, options, { place, ...summary }, () => {
    const parts = [
      counted(summary.topics, 'topic'),
      counted(summary.groups, 'group'),
      counted(summary.acls, 'ACL'),
      counted(summary.schemas, 'schema'),
      counted(summary.models, 'model'),
      counted(records, 'new record'),
      `${summary.seconds.toFixed(1)} s`,
    ]
    return [parts.join(', ')]
  })
  return reportTopicFailures(context.stderr, failures)
}
