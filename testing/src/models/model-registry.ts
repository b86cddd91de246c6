import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { digestOf } from '@valence/processor/model/supply/model-store'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A registry over HTTP that can be made to misbehave, file by file. It also answers as an S3 endpoint would. */
export interface ModelRegistry {
  readonly origin: string
  readonly uri: string
  /** What was asked for, in order: `GET /model.json`, with ` bytes=5-` where a range was asked for. */
  readonly requests: string[]
  readonly headers: IncomingMessage['headers'][]
  /** Files by name; they go before those of the folder. */
  readonly files: Map<string, Buffer>
  /** Answers the next `times` requests for a file instead. */
  misbehave(name: string, answer: Answer, times?: number): void
  close(): Promise<void>
}

function sendFile(bytes: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const etag = `"${digestOf(bytes).slice(0, 16)}"`
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end()
    return
  }
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from >= bytes.length) {
    response.writeHead(416).end()
    return
  }
  const range = from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}
  response.writeHead(from > 0 ? 206 : 200, { etag, 'content-length': bytes.length - from, ...range })
  response.end(bytes.subarray(from))
}

/** @param prefix path that the files lie under */
export async function startModelRegistry(folder: string, prefix = '/models/'): Promise<ModelRegistry> {
  const requests: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const files = new Map<string, Buffer>()
  const troubles = new Map<string, { answer: Answer; times: number }>()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace(/\?.*$/, '')
    const name = path.slice(prefix.length)
    requests.push(`${request.method} ${path}${request.headers.range ? ` ${request.headers.range}` : ''}`)
    headers.push(request.headers)
    const trouble = troubles.get(name)
    if (trouble && trouble.times > 0) {
      trouble.times--
      trouble.answer(request, response)
      return
    }
    const bytes = files.get(name) ?? (await readFile(join(folder, name)).catch(() => undefined))
    if (path.startsWith(prefix) && bytes) sendFile(bytes, request, response)
    else response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>')
  }

  const server = createServer((request, response) => void answer(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    uri: `${origin}${prefix}model.json`,
    requests,
    headers,
    files,
    misbehave: (name, reply, times = Number.POSITIVE_INFINITY) => troubles.set(name, { answer: reply, times }),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Sends the beginning of a file and breaks the connection. */
export function truncated(bytes: Buffer, length: number): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length })
    response.write(bytes.subarray(0, length), () => setTimeout(() => response.destroy(), 20))
  }
}

/** Never answers. */
export const hangs: Answer = () => undefined

/** Sends spaces for as long as somebody takes them, and says nothing of how many. */
export const endless: Answer = (_request, response) => {
  response.writeHead(200)
  const chunk = Buffer.alloc(1 << 20, ' ')
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', more)
  more()
}

/** Sends the beginning of a file and then nothing more. */
export function stalls(bytes: Buffer, length: number): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length })
    response.write(bytes.subarray(0, length))
  }
}
