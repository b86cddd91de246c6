import { type FakeRequest, type Reply, startFakeRegistry } from '@valence/testing/parts/fake-registry'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../../src/config/config.ts'
import { readSchemas } from '../../../../src/jobs/backup/kept-schemas.ts'

const subjects = Array.from({ length: 117 }, (_, index) => `subject-${index}`)

function registry(answerSubjects: (request: FakeRequest) => readonly string[]) {
  return startFakeRegistry((request): Reply => {
    if (request.path === '/subjects') return { status: 200, body: answerSubjects(request) }
    if (request.path.startsWith('/config/')) return { status: 404, body: { error_code: 40_408 } }
    if (request.path.endsWith('/versions')) return { status: 200, body: [1] }
    return { status: 200, body: { subject: request.path.split('/')[2], version: 1, id: 1, schema: '{}' } }
  })
}

async function kept(url: string): Promise<number> {
  const config = readConfig({ VALENCE_SCHEMA_REGISTRY_URL: url })
  const { schemas } = await readSchemas(config)
  return new Set(schemas.map(({ subject }) => subject)).size
}

describe('readSchemas', () => {
  it('reads the subjects of every page of at most 30', async () => {
    await using pages = await registry(({ query }) => {
      const offset = Number(query.get('offset'))
      return subjects.slice(offset, offset + Math.min(30, Number(query.get('limit'))))
    })
    expect(await kept(pages.url)).toBe(117)
  })

  it('reads the subjects of a registry that knows no pages', async () => {
    await using whole = await registry(() => subjects)
    expect(await kept(whole.url)).toBe(117)
  })

  it('asks for more than those that come without a limit', async () => {
    await using limited = await registry(({ query }) => subjects.slice(0, Number(query.get('limit') ?? 100)))
    expect(await kept(limited.url)).toBe(117)
  })

  it('logs in with the credentials of the URL, as the other commands do', async () => {
    const logins = new Set<string | undefined>()
    await using whole = await registry(({ headers }) => {
      logins.add(headers.authorization)
      return subjects
    })
    expect(await kept(whole.url.replace('//', '//me:p%40ss@'))).toBe(117)
    expect([...logins]).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`])
  })
})
