import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTestApp } from '@valence/testing/processes/http-app'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createKeyAuthenticator } from '../../../src/http/auth/key-authenticator.ts'

const digest = (key: string) => createHash('sha256').update(key).digest('hex')

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'valence-keys-'))
  path = join(folder, 'keys')
  await writeFile(
    path,
    `# who may what\n\n${digest('alpha')} alice sentiment:score,sentiment:read\n${digest('beta')} bob sentiment:read\n`,
  )
})

afterEach(() => rm(folder, { recursive: true }))

/** At once: a watcher may look between the two halves of a plain write, when the file is empty. */
async function replaceFile(content: string): Promise<void> {
  await writeFile(`${path}.new`, content)
  await rename(`${path}.new`, path)
}

describe('API keys', () => {
  it('tell who asks and what they may', async () => {
    await using test = await openTestApp({ authenticator: createKeyAuthenticator({ path }) })
    const ask = async (key?: string) => {
      const headers = key === undefined ? {} : { 'x-api-key': key }
      const response = await test.app.inject({ method: 'POST', url: '/v1/score', payload: { text: 'a' }, headers })
      return [response.statusCode, response.json().code]
    }
    expect(await ask('alpha')).toEqual([200, undefined])
    expect(await ask('beta')).toEqual([403, 'VAL_AUTH_SCOPE_MISSING'])
    expect(await ask('gamma')).toEqual([401, 'VAL_AUTH_API_KEY_INVALID'])
    expect(await ask(digest('alpha'))).toEqual([401, 'VAL_AUTH_API_KEY_INVALID'])
    expect(await ask()).toEqual([401, 'VAL_AUTH_MISSING'])
  })

  it('are read again when the file changes; a broken file leaves the old ones', async () => {
    const reloads: unknown[] = []
    const authenticator = createKeyAuthenticator({
      path,
      watchIntervalMs: 20,
      onReload: (error) => reloads.push(error),
    })
    const subjectOf = (key: string) =>
      authenticator.authenticate({ 'x-api-key': key }).then(
        ({ subject }) => subject,
        ({ code }) => code,
      )
    await replaceFile(`${digest('gamma')} carol sentiment:score\n`)
    await expect.poll(() => reloads.length).toBeGreaterThan(0)
    expect([await subjectOf('gamma'), await subjectOf('alpha')]).toEqual(['carol', 'VAL_AUTH_API_KEY_INVALID'])
    const before = reloads.length
    await replaceFile('not a key at all\n')
    await expect.poll(() => reloads.slice(before).at(-1)).toMatchObject({ code: 'VAL_CONFIG_INVALID' })
    expect(await subjectOf('gamma')).toBe('carol')
    authenticator.close()
  })

  it('stay while the file is being rewritten, and go when it stays empty', async () => {
    let change = () => {}
    const reloaded = vi.fn()
    const authenticator = createKeyAuthenticator({
      path,
      watchIntervalMs: 20,
      watch: (_path, _intervalMs, onChange) => {
        change = onChange
        return () => undefined
      },
      onReload: reloaded,
    })
    const isKnown = (key: string) =>
      authenticator.authenticate({ 'x-api-key': key }).then(
        () => true,
        () => false,
      )
    // Seen empty, and whole again before the second look.
    writeFileSync(path, '')
    change()
    writeFileSync(path, `${digest('other')} bob sentiment:read\n`)
    expect(await isKnown('alpha')).toBe(true)
    await expect.poll(() => isKnown('other')).toBe(true)
    expect(reloaded).toHaveBeenCalledExactlyOnceWith(undefined)
    writeFileSync(path, '')
    change()
    expect(await isKnown('other')).toBe(true)
    await expect.poll(() => isKnown('other')).toBe(false)
    authenticator.close()
  })

  it.each([
    ['a key in the clear', 'alpha alice sentiment:score'],
    ['an unknown scope', `${digest('a')} alice sentiment:everything`],
    ['no scope', `${digest('a')} alice`],
  ])('must not be %s', async (_, line) => {
    await writeFile(path, line)
    expect(() => createKeyAuthenticator({ path })).toThrow(expect.objectContaining({ code: 'VAL_CONFIG_INVALID' }))
    expect(() => createKeyAuthenticator({ path: join(folder, 'none') })).toThrow(
      expect.objectContaining({ code: 'VAL_FILE_UNREADABLE' }),
    )
  })
})
