import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Platform, Release, Scores } from '../../blue-green/release.ts'

/** The admin port of a process whose metrics a test sets; each scrape may be another. */
export async function serveAdmin(pages: readonly string[], isReady = () => true) {
  let scrapes = 0
  const server: Server = createServer((request, response) => {
    if (request.url === '/readyz') return response.writeHead(isReady() ? 200 : 503).end()
    const page = pages[Math.min(scrapes, pages.length - 1)]
    scrapes += 1
    return response.end(page)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

export interface FakeOptions {
  readonly live: Release
  readonly candidate: Release
  readonly scores?: Scores
  readonly failing?: keyof Platform
}

/** A platform that notes what it is told. */
export function fakePlatform({ live, candidate, scores = { good: 0.9, bad: 0.1 }, failing }: FakeOptions) {
  const calls: string[] = []
  const note = (name: keyof Platform, release?: Release) => {
    calls.push(release ? `${name} ${release.name}` : name)
    if (failing === name && (release === undefined || release === candidate)) throw new Error(`${name} failed`)
  }
  const platform: Platform = {
    live,
    async bringUp() {
      note('bringUp')
      return candidate
    },
    async score(release, texts) {
      note('score', release)
      return texts.map(() => scores)
    },
    async switchTo(release) {
      note('switchTo', release)
    },
    async drain(release) {
      note('drain', release)
    },
  }
  return { platform, calls }
}
