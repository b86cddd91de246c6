import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileDigest } from '../../../src/model/file-digest.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'valence-digest-'))
})
afterAll(() => rm(folder, { recursive: true }))

test.each([0, 1, 1 << 18, (1 << 18) + 1, 700_001])('a file of %i bytes: its length and sha256', async (length) => {
  const bytes = randomBytes(length)
  const path = join(folder, String(length))
  await writeFile(path, bytes)
  expect(await fileDigest(path)).toEqual({ bytes: length, sha256: createHash('sha256').update(bytes).digest('hex') })
})

test('a file that is not there, and a folder, are refused', async () => {
  await expect(fileDigest(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(fileDigest(folder)).rejects.toMatchObject({ code: 'EISDIR' })
})
