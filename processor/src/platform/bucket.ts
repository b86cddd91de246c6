import type { GetObjectCommandInput, GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'

/** One object in a listing. */
export interface BucketEntry {
  readonly key: string
  readonly bytes: number
  readonly etag: string | undefined
  /** Epoch milliseconds; undefined if the store does not report it. */
  readonly modifiedAt: number | undefined
}

/** An S3 bucket. Methods throw the errors of the AWS SDK. */
export interface Bucket {
  readonly name: string
  get(object: Omit<GetObjectCommandInput, 'Bucket'>, signal?: AbortSignal): Promise<GetObjectCommandOutput>
  put(key: string, body: Buffer): Promise<void>
  /** All objects with this key prefix, in the order of the store. */
  list(prefix: string): Promise<BucketEntry[]>
}

export interface BucketOptions {
  /** S3-compatible endpoint with path-style addresses; default: AWS. */
  readonly endpoint?: string | undefined
  /** Attempts per call; default: that of the SDK. */
  readonly maxAttempts?: number
}

const absent: ReadonlySet<unknown> = new Set(['NoSuchKey', 'NotFound'])

/** True if the store answered that the object does not exist. */
export function isAbsent(error: unknown): boolean {
  return absent.has((error as { name?: unknown }).name) || httpStatusOf(error) === 404
}

/** HTTP status of the store's answer; undefined if it did not answer. */
export function httpStatusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
}

/** Loads the AWS SDK on first use (it is imported nowhere else). Region and credentials come from the SDK's own sources. */
export async function openBucket(name: string, { endpoint, maxAttempts }: BucketOptions = {}): Promise<Bucket> {
  const { GetObjectCommand, PutObjectCommand, S3Client, paginateListObjectsV2 } = await import('@aws-sdk/client-s3')
  const client: S3Client = new S3Client({
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  })
  return {
    name,
    get: (object, abortSignal) =>
      client.send(new GetObjectCommand({ Bucket: name, ...object }), abortSignal && { abortSignal }),
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket: name, Key, Body }))
    },
    async list(Prefix) {
      const entries: BucketEntry[] = []
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: name, Prefix })) {
        for (const { Key = '', Size = 0, ETag, LastModified } of Contents) {
          entries.push({ key: Key, bytes: Size, etag: ETag, modifiedAt: LastModified?.getTime() })
        }
      }
      return entries
    },
  }
}
