import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ValenceError } from '@valence/schemas'
import { type Bucket, type BucketEntry, openBucket } from '../../platform/bucket.ts'

/** One file or S3 object, in the version that was listed. */
export interface BulkObject {
  readonly uri: string
  readonly bytes: number
  /** Epoch milliseconds. */
  readonly modifiedAt: number
  /** Hash of the name and the version: a new version of an object is a new job. */
  readonly fingerprint: string
  open(): Promise<AsyncIterable<Buffer>>
}

/** The objects of a source, sorted by URI. @throws VAL_FILE_UNREADABLE */
export async function listObjects(source: string, s3Endpoint: string | undefined): Promise<BulkObject[]> {
  const objects = source.startsWith('s3://') ? await listBucket(source, s3Endpoint) : await listFolder(source)
  return objects.sort((a, b) => (a.uri < b.uri ? -1 : 1))
}

function fingerprintOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** A file, or the files of a folder without hidden files and subfolders. */
async function listFolder(path: string): Promise<BulkObject[]> {
  try {
    const isFolder = (await stat(path)).isDirectory()
    const names = isFolder
      ? (await readdir(path)).filter((name) => !name.startsWith('.')).map((n) => join(path, n))
      : [path]
    const found = await Promise.all(names.map(toFile))
    return found.filter((file) => file !== undefined)
  } catch (cause) {
    throw new ValenceError('VAL_FILE_UNREADABLE', path, { cause })
  }
}

/** Undefined if it is not a file. A missing one, such as a broken link in a folder, fails when it is read. */
async function toFile(name: string): Promise<BulkObject | undefined> {
  const stats = await stat(name).catch(() => undefined)
  if (stats !== undefined && !stats.isFile()) return undefined
  const uri = pathToFileURL(name).href
  return {
    uri,
    bytes: stats?.size ?? 0,
    modifiedAt: Math.floor(stats?.mtimeMs ?? Date.now()),
    fingerprint: fingerprintOf(uri, stats?.size, stats?.mtimeMs),
    open: async () => createReadStream(name),
  }
}

async function listBucket(source: string, endpoint: string | undefined): Promise<BulkObject[]> {
  const { hostname, pathname } = new URL(source)
  try {
    const bucket = await openBucket(hostname, { endpoint })
    const objects = await bucket.list(decodeURIComponent(pathname.slice(1)))
    return objects.filter(({ bytes }) => bytes > 0).map((entry) => toObject(bucket, entry))
  } catch (cause) {
    throw new ValenceError('VAL_FILE_UNREADABLE', source, { cause })
  }
}

function toObject(bucket: Bucket, { key, bytes, etag, modifiedAt }: BucketEntry): BulkObject {
  return {
    uri: `s3://${bucket.name}/${key}`,
    bytes,
    modifiedAt: modifiedAt ?? 0,
    fingerprint: fingerprintOf(bucket.name, key, bytes, etag),
    async open() {
      // IfMatch: the read fails if the object was overwritten after it was listed.
      const { Body } = await bucket.get({ Key: key, ...(etag === undefined ? {} : { IfMatch: etag }) })
      return Body as unknown as AsyncIterable<Buffer>
    },
  }
}
