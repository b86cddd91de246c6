import type { Admin } from '@valence/producer-sdk/kafka'
import { type Config, readConfig } from '../runtime/config.ts'
import { type BackupManifest, readManifest, writeManifest } from './backup/backup-manifest.ts'
import { readAcls, readGroups, readTopics } from './backup/cluster-state.ts'
import { keepModels } from './backup/kept-models.ts'
import { keepRecords, rangesToKeep } from './backup/kept-records.ts'
import { readSchemas } from './backup/kept-schemas.ts'
import { openVault, type Vault } from './backup/vault.ts'
import type { CliContext, CommandOptions, ExitCode } from './cli-context.ts'
import { withAdmin } from './kafka-admin.ts'
import { counted, writeJson, writeLines } from './output.ts'

/** `backup create PLACE`: what a new cluster needs to go on. Each run adds what is new since the one before. */
export async function runBackupCreate(
  context: CliContext,
  options: CommandOptions,
  [place = '']: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const vault = await openVault(place, config.bulkS3Endpoint)
  const startedAt = performance.now()
  const { manifest, records } = await withAdmin(config, (admin) =>
    backUp(config, admin, vault, options.records !== false),
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
  if (options.json) await writeJson(context.stdout, { place, ...summary })
  else {
    const parts = [
      counted(summary.topics, 'topic'),
      counted(summary.groups, 'group'),
      counted(summary.acls, 'ACL'),
      counted(summary.schemas, 'schema'),
      counted(summary.models, 'model'),
      counted(records, 'new record'),
      `${summary.seconds.toFixed(1)} s`,
    ]
    await writeLines(context.stdout, [parts.join(', ')])
  }
  return 0
}

/**
 * Positions first, then records: what is scored meanwhile is in the records as unscored, and its results are left out
 * when they are restored. The other way round it would be in neither.
 */
async function backUp(config: Config, admin: Admin, vault: Vault, withRecords: boolean) {
  const at = Date.now()
  const before = await readManifest(vault)
  const wanted = [...config.inputTopics, config.outputTopic, config.deadLetterTopic]
  const topics = await readTopics(admin, wanted)
  const present = topics.map(({ topic }) => topic)
  const groups = await readGroups(admin, present)
  const kept: BackupManifest['kept'] = {}
  let records = 0
  for (const topic of withRecords ? present : []) {
    const isInput = config.inputTopics.includes(topic)
    const positions = groups[config.kafkaGroupId] ?? {}
    const ranges = await rangesToKeep(admin, topic, (partition) => {
      const name = `${topic}-${partition}`
      const from = before?.kept[name] ?? (isInput ? positions[name] : undefined)
      return from === undefined ? undefined : BigInt(from)
    })
    records += await keepRecords(config, vault, topic, ranges)
    for (const { partition, to } of ranges) kept[`${topic}-${partition}`] = String(to)
  }
  const [acls, { schemas, compatibility }] = await Promise.all([
    readAcls(admin, { topics: wanted, groups: [config.kafkaGroupId, ...Object.keys(groups)] }),
    readSchemas(config),
  ])
  const models = await keepModels(vault, config.modelStore)
  const manifest: BackupManifest = { version: 1, at, topics, groups, acls, kept, schemas, compatibility, models }
  await writeManifest(vault, manifest)
  return { manifest, records }
}
