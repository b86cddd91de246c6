import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** As much of S3 as lists a bucket and gets objects, two to a page. */
export async function serveBucket(bucket: string, objects: Readonly<Record<string, string>>) {
  const keys = Object.keys(objects).sort()
  const etagOf = (content: string) => `"${createHash('md5').update(content).digest('hex')}"`
  const list = (query: URLSearchParams) => {
    const matching = keys.filter((key) => key.startsWith(query.get('prefix') ?? ''))
    const at = Number(query.get('continuation-token') ?? 0)
    const page = matching.slice(at, at + 2)
    const more = at + 2 < matching.length
    const contents = page.map((key) => {
      const content = objects[key] as string
      return `<Contents><Key>${key}</Key><Size>${Buffer.byteLength(content)}</Size><ETag>${etagOf(content).replaceAll('"', '&quot;')}</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`
    })
    const next = more ? `<NextContinuationToken>${at + 2}</NextContinuationToken>` : ''
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
  }
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://s3')
    const [, name, ...rest] = pathname.split('/')
    const key = rest.map(decodeURIComponent).join('/')
    if (name !== bucket) return response.writeHead(404).end()
    if (key === '') return response.writeHead(200, { 'content-type': 'application/xml' }).end(list(searchParams))
    const content = objects[key]
    if (content === undefined) return response.writeHead(404).end()
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
