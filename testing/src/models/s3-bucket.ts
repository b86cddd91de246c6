import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

const missing = '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'

/** The SDK sends what it signs in chunks of its own, `SIZE;…` before each. */
async function plainBody(request: IncomingMessage): Promise<Buffer> {
  const body = Buffer.concat(await request.toArray())
  if (!String(request.headers['content-encoding'] ?? '').includes('aws-chunked')) return body
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.subarray(at, line).toString().split(';')[0] ?? '0', 16)
    if (size === 0) return Buffer.concat(parts)
    parts.push(body.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

/** As much of S3 as lists a bucket, two objects to a page, and gets and puts objects. */
export async function serveBucket(bucket: string, given: Readonly<Record<string, string>>) {
  const objects = new Map<string, Buffer>(Object.entries(given).map(([key, content]) => [key, Buffer.from(content)]))
  const etagOf = (content: Buffer) => `"${createHash('md5').update(content).digest('hex')}"`
  const list = (query: URLSearchParams) => {
    const matching = [...objects.keys()].sort().filter((key) => key.startsWith(query.get('prefix') ?? ''))
    const at = Number(query.get('continuation-token') ?? 0)
    const page = matching.slice(at, at + 2)
    const more = at + 2 < matching.length
    const contents = page.map((key) => {
      const content = objects.get(key) as Buffer
      return `<Contents><Key>${key}</Key><Size>${content.length}</Size><ETag>${etagOf(content).replaceAll('"', '&quot;')}</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`
    })
    const next = more ? `<NextContinuationToken>${at + 2}</NextContinuationToken>` : ''
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
  }
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://s3')
    const [, name, ...rest] = pathname.split('/')
    const key = rest.map(decodeURIComponent).join('/')
    if (name !== bucket) return response.writeHead(404).end()
    if (key === '') return response.writeHead(200, { 'content-type': 'application/xml' }).end(list(searchParams))
    if (request.method === 'PUT') {
      objects.set(key, await plainBody(request))
      return response.writeHead(200).end()
    }
    const content = objects.get(key)
    if (content === undefined) return response.writeHead(404, { 'content-type': 'application/xml' }).end(missing)
    const ifMatch = request.headers['if-match']
    if (ifMatch !== undefined && ifMatch !== etagOf(content)) return response.writeHead(412).end()
    return response.writeHead(200, { etag: etagOf(content) }).end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    environment: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-west-1' },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
