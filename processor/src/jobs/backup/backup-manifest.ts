import { isEpochMs, ValenceError } from '@valence/schemas'
import { z } from 'zod'
import { parsePartitionName } from '../../kafka/topic-partition.ts'
import type { BackupStorage } from './backup-storage.ts'

/** Unlike `z.record` it keeps the key `__proto__`, which is a valid name of a group, topic or setting. */
function recordOf<T extends z.ZodType>(value: T, name = z.string()) {
  return z
    .custom<object>((given) => typeof given === 'object' && given !== null && !Array.isArray(given), 'is no object')
    .transform((given) => new Map(Object.entries(given)))
    .pipe(z.map(name, value))
    .transform((entries): Record<string, z.output<T>> => Object.fromEntries(entries))
}

/** `topic-partition` → offset. */
const offsets = recordOf(
  z.string().regex(/^\d+$/),
  z.string().refine((name) => parsePartitionName(name) !== undefined, 'names no partition'),
)

/** The `LineProgress` that a job commits in the metadata of an offset. */
const lineProgress = z.object({
  lines: z.string().regex(/^\d+$/).transform(BigInt),
  refused: z.number().int().nonnegative(),
  isFinished: z.boolean(),
})

/** Contents of `backup.json`. Offsets are strings of decimal digits, because they can exceed 2^53. */
const backupManifest = z.object({
  /** Version 1 has no topic ids on segments. */
  version: z.literal([1, 2]),
  /** Start of the backup in epoch milliseconds. Data written after it may be missing. */
  at: z.number().refine(isEpochMs, 'is no time in epoch milliseconds'),
  topics: z.array(
    z.object({
      topic: z.string(),
      partitions: z.number().int().positive(),
      replication: z.number().int().positive(),
      settings: recordOf(z.string()),
    }),
  ),
  /** Group → `topic-partition` → next offset. */
  groups: recordOf(offsets),
  /** Group → `topic-partition` → progress of a job that counts lines. Earlier versions encoded it in the offset. */
  lineProgress: recordOf(recordOf(lineProgress)).default({}),
  acls: z.array(z.record(z.string(), z.union([z.string(), z.number()]))),
  /** `topic-partition` → end offset (exclusive) of the records in the backup. */
  kept: offsets,
  /**
   * Output and dead-letter topics: `topic-partition` → end offset, read before the positions of the groups. Results
   * below it are final. Results from it on may belong to inputs that are scored again after a restore.
   */
  settled: offsets.default({}),
  /** Topic → folder of its segments. A topic that was deleted and created again has a new id and a new folder. */
  segments: recordOf(z.object({ folder: z.string(), topicId: z.string().optional() })).default({}),
  schemas: z.array(
    z.object({
      subject: z.string(),
      version: z.number(),
      id: z.number(),
      schemaType: z.string().optional(),
      schema: z.string(),
      references: z.array(z.unknown()).optional(),
    }),
  ),
  compatibility: recordOf(z.string()),
  models: z.array(z.string()),
})

export type BackupManifest = z.output<typeof backupManifest>
export type TopicDefinition = BackupManifest['topics'][number]
export type SchemaVersion = BackupManifest['schemas'][number]

const name = 'backup.json'

/** Manifest of the last completed backup; undefined if there is none. @throws VAL_BACKUP_INVALID */
export async function readManifest(storage: BackupStorage): Promise<BackupManifest | undefined> {
  const bytes = await storage.get(name)
  if (bytes === undefined) return undefined
  try {
    return backupManifest.parse(JSON.parse(bytes.toString('utf8')))
  } catch (cause) {
    throw new ValenceError('VAL_BACKUP_INVALID', `${name}: ${(cause as Error).message}`, { cause })
  }
}

/** Must be the last write of a backup: until then the previous manifest is valid. */
export function writeManifest(storage: BackupStorage, manifest: BackupManifest): Promise<void> {
  return storage.put(name, Buffer.from(`${JSON.stringify(manifest, digitsOfBigints, 1)}\n`))
}

function digitsOfBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
