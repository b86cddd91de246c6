import { ValenceError } from '@valence/schemas'
import { readConfig } from '../../config/config.ts'
import { readManifest } from '../../jobs/backup/backup-manifest.ts'
import { openBackupStorage } from '../../jobs/backup/backup-storage.ts'
import { Restore } from '../../jobs/backup/restore-backup.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { counted, writeAnswer } from '../output.ts'
import { reportTopicFailures } from '../report-topic-failures.ts'

/** `backup restore PLACE`: restores a backup into an empty cluster. */
export async function runBackupRestore(
  context: CliContext,
  options: CommandOptions,
  [place = '']: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const storage = await openBackupStorage(place, config.bulkS3Endpoint)
  const manifest = await readManifest(storage)
  if (manifest === undefined) throw new ValenceError('VAL_BACKUP_INVALID', `${place} holds no backup`)
  const startedAt = performance.now()
  const { failures, ...restored } = await withAdmin(config, (admin) =>
    new Restore(config, admin, storage, manifest).run(),
  )
  const seconds = Number(((performance.now() - startedAt) / 1_000).toFixed(3))
  await writeAnswer(context, options, { place, at: manifest.at, ...restored, seconds }, () => {
    const parts = [
      counted(restored.topics, 'topic'),
      counted(restored.groups, 'group'),
      counted(restored.schemas, 'schema'),
      counted(restored.records, 'record'),
      `${restored.leftOut} left out to come again`,
      `${seconds.toFixed(1)} s`,
    ]
    return [`as of ${new Date(manifest.at).toISOString()}: ${parts.join(', ')}`]
  })
  return reportTopicFailures(context.stderr, failures)
}
