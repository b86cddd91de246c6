import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openBackupStorage } from '../../../../src/jobs/backup/backup-storage.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'valence-vault-'))
})
afterEach(() => rm(folder, { recursive: true }))

const open = () => openBackupStorage(join(folder, 'deep', 'vault'), undefined)

it('keeps pieces under their names, the last of a name', async () => {
  const storage = await open()
  await storage.put('backup.json', Buffer.from('1'))
  await storage.put('backup.json', Buffer.from('2'))
  await storage.put('records/t/0/b', Buffer.from([0, 255]))
  await storage.put('records/t/0/a', Buffer.alloc(0))
  await storage.put('records/t/10/c', Buffer.from('c'))
  expect(await storage.get('backup.json')).toEqual(Buffer.from('2'))
  expect(await storage.get('records/t/0/b')).toEqual(Buffer.from([0, 255]))
  expect(await storage.list('records/t/0/')).toEqual(['records/t/0/a', 'records/t/0/b'])
  expect(await storage.list('records/')).toHaveLength(3)
})

it('knows what is not there', async () => {
  const storage = await open()
  expect(await storage.get('backup.json')).toBeUndefined()
  expect(await storage.list('records/t/0/')).toEqual([])
})

it('says that it cannot be reached', async () => {
  await writeFile(join(folder, 'file'), '')
  const storage = await openBackupStorage(join(folder, 'file'), undefined)
  await expect(storage.put('a', Buffer.from('1'))).rejects.toMatchObject({ code: 'VAL_BACKUP_UNAVAILABLE' })
})
