import { expect, it } from 'vitest'
import { readManifest, writeManifest } from '../../../../src/jobs/backup/backup-manifest.ts'
import type { BackupStorage } from '../../../../src/jobs/backup/backup-storage.ts'

const empty = { version: 2, topics: [], groups: {}, acls: [], kept: {}, schemas: [], compatibility: {}, models: [] }

const read = (fields: object) =>
  readManifest({ get: async () => Buffer.from(JSON.stringify({ ...empty, ...fields })) } as unknown as BackupStorage)

it('has the time of its backup', async () => {
  expect(await read({ at: 1_735_689_600_000 })).toMatchObject({ at: 1_735_689_600_000 })
})

it.each([8.64e15 + 1, 2 ** 63, -8.64e15 - 1])(
  'refuses %d, which no date can be, before anything is restored',
  async (at) => {
    await expect(read({ at })).rejects.toMatchObject({ code: 'VAL_BACKUP_INVALID' })
  },
)

it('keeps a group, a setting and a subject named __proto__', async () => {
  const text = `{"at":1,"version":2,"topics":[],"groups":{"__proto__":{"t-0":"7"}},"acls":[],"kept":{"__proto__-0":"1"},
    "schemas":[],"compatibility":{"__proto__":"NONE"},"models":[]}`
  const storage = { get: async () => Buffer.from(text) } as unknown as BackupStorage
  const { groups, compatibility } = (await readManifest(storage)) ?? {}
  expect(Object.entries(groups ?? {})).toEqual([['__proto__', { 't-0': '7' }]])
  expect(Object.keys(compatibility ?? {})).toEqual(['__proto__'])
})

it.each(['texts', 'texts-', 'texts-one'])('refuses a position of %j, which names no partition', async (name) => {
  await expect(read({ at: 1, kept: { [name]: '7' } })).rejects.toMatchObject({ code: 'VAL_BACKUP_INVALID' })
})

it('keeps the progress of bulk jobs, and has none in a backup of an earlier version', async () => {
  const kept: Buffer[] = []
  const storage = {
    get: async () => kept.at(-1),
    put: async (_: string, bytes: Buffer) => void kept.push(bytes),
  } as unknown as BackupStorage
  const manifest = await read({ at: 1 })
  expect(manifest?.lineProgress).toEqual({})
  const lineProgress = { g: { 'texts-0': { lines: 2n ** 53n + 1n, refused: 2, isFinished: true } } }
  await writeManifest(storage, { ...(manifest as NonNullable<typeof manifest>), lineProgress })
  expect(await readManifest(storage)).toMatchObject({ lineProgress })
})
