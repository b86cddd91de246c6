import { isEpochMs, ValenceError } from '@valence/schemas'
import { z } from 'zod'
import { parsePartitionName } from '../../kafka/topic-partition.ts'
import type { BackupStorage } from './backup-storage.ts'

/** Unlike that of zod it keeps `__proto__`, as a group, a topic or a setting may be called. */
function recordOf<T extends z.ZodType>(value: T, name = z.string()) {
  return z
    .custom<object>((given) => typeof given === 'object' && given !== null && !Array.isArray(given), 'is no object')
    .transform((given) => new Map(Object.entries(given)))
    .pipe(z.map(name, value))
    .transform((entries): Record<string, z.output<T>> => Object.fromEntries(entries))
}

/** By `topic-partition`. */
const offsets = recordOf(
  z.string().regex(/^\d+$/),
  z.string().refine((name) => parsePartitionName(name) !== undefined, 'names no partition'),
)

/** As it is committed in the metadata of an offset (`LineProgress`). */
const lineProgress = z.object({
  lines: z.string().regex(/^\d+$/).transform(BigInt),
  refused: z.number().int().nonnegative(),
  isFinished: z.boolean(),
})

/** What `backup.json` holds. Offsets are digits, because they may exceed 2^53. */
const backupManifest = z.object({
  /** 1: segments do not know the id of their topic. */
  version: z.literal([1, 2]),
  /** Epoch milliseconds at which the backup began: nothing younger is promised to be in it. */
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
  /** Group → `topic-partition` → progress of a job that counts lines. Earlier versions kept it in the offset. */
  lineProgress: recordOf(recordOf(lineProgress)).default({}),
  acls: z.array(z.record(z.string(), z.union([z.string(), z.number()]))),
  /** Of the topics whose records are kept: `topic-partition` → the offset before which they are. */
  kept: offsets,
  /**
   * Of the output and dead-letter topics, `topic-partition` → the offset before which results are final: they were there
   * before the positions were read. Later ones may belong to inputs that come again.
   */
  settled: offsets.default({}),
  /** Topic → where the segments of its records are, in a folder of their own for each topic that ever had the name. */
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

/** The last backup that was completed; undefined where there is none. @throws VAL_BACKUP_INVALID */
export async function readManifest(storage: BackupStorage): Promise<BackupManifest | undefined> {
  const bytes = await storage.get(name)
  if (bytes === undefined) return undefined
  try {
    return backupManifest.parse(JSON.parse(bytes.toString('utf8')))
  } catch (cause) {
    throw new ValenceError('VAL_BACKUP_INVALID', `${name}: ${(cause as Error).message}`, { cause })
  }
}

/** Written last: until then the backup before it is the one that counts. */
export function writeManifest(storage: BackupStorage, manifest: BackupManifest): Promise<void> {
  return storage.put(name, Buffer.from(`${JSON.stringify(manifest, digitsOfBigints, 1)}\n`))
}

function digitsOfBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
