import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ValenceError } from '@valence/schemas'
import { Type } from 'typebox'
import type { HttpApp } from '../http-app.ts'

/** Where the build of the playground is, seen from `src` and from `dist` alike. */
const builtFolder = fileURLToPath(new URL('../../../dist/playground', import.meta.url))

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

async function readAssets(folder: string): Promise<Map<string, Buffer>> {
  const names = await readdir(folder).catch(() => [])
  const files = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const))
  return new Map(files)
}

/** The playground at `/`: a few files, held in memory. Without a build of it there is no page, and all else works. */
export async function addPlaygroundRoutes(app: HttpApp, folder = builtFolder): Promise<void> {
  const page = await readFile(join(folder, 'index.html')).catch(() => undefined)
  const assets = await readAssets(join(folder, 'assets'))
  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    if (!page) throw new ValenceError('VAL_HTTP_NOT_FOUND', 'the playground is not built')
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(page)
  })
  const params = Type.Object({ name: Type.String({ maxLength: 200 }) })
  app.get('/assets/:name', { schema: { hide: true, params } }, async (request, reply) => {
    const { name } = request.params
    const asset = assets.get(name)
    if (!asset) throw new ValenceError('VAL_HTTP_NOT_FOUND')
    // The file name holds a hash of the content.
    reply.header('cache-control', 'public, max-age=31536000, immutable')
    return reply.type(types[extname(name)] ?? 'application/octet-stream').send(asset)
  })
}
