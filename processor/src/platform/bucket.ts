import type { GetObjectCommandInput, GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'

/** One object of a listing. */
export interface BucketEntry {
  readonly key: string
  readonly bytes: number
  readonly etag: string | undefined
  /** Epoch milliseconds; undefined where the store does not say. */
  readonly modifiedAt: number | undefined
}

/** An S3 bucket; errors are those of the AWS SDK. */
export interface Bucket {
  readonly name: string
  get(object: Omit<GetObjectCommandInput, 'Bucket'>, signal?: AbortSignal): Promise<GetObjectCommandOutput>
  put(key: string, body: Buffer): Promise<void>
  /** All objects whose key begins so, in the store's order. */
  list(prefix: string): Promise<BucketEntry[]>
}

export interface BucketOptions {
  /** S3-compatible endpoint, addressed by path; AWS otherwise. */
  readonly endpoint?: string | undefined
  /** Tries of one call; the SDK's own number unless given. */
  readonly maxAttempts?: number
}

const absent: ReadonlySet<unknown> = new Set(['NoSuchKey', 'NotFound'])

/** Whether the store answered that there is no such object. */
export function isAbsent(error: unknown): boolean {
  return absent.has((error as { name?: unknown }).name) || httpStatusOf(error) === 404
}

/** The HTTP status that the store answered with; undefined where it did not answer. */
export function httpStatusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
}

/** The SDK is loaded here and nowhere else; region and credentials are its own affair. */
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
