import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { appendFile, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SupplyBench, unhurried } from '@valence/testing/models/supply-bench'
import { afterEach, expect, test, vi } from 'vitest'
import { BlobStore } from '../../../../src/model/supply/blob-store.ts'
import { downloadFile } from '../../../../src/model/supply/download.ts'
import { storeFailure } from '../../../../src/model/supply/store-failure.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of closers.splice(0).reverse()) await close()
})

/** The error that a full disk really gives: Linux has one to write to. */
async function realEnospc(): Promise<unknown> {
  const file = await open('/dev/full', 'w')
  try {
    return await file.write('x').catch((error: unknown) => error)
  } finally {
    await file.close()
  }
}

function tinyDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'valence-tiny-disk-'))
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    rmSync(folder, { recursive: true })
    return undefined
  }
  closers.push(() => {
    execFileSync('/bin/umount', [folder])
    rmSync(folder, { recursive: true })
  })
  return folder
}

test('the words of the file system become those of the catalogue', async () => {
  const error = await realEnospc()
  expect(error).toMatchObject({ code: 'ENOSPC' })
  expect(() => storeFailure('/x')(error)).toThrow(expect.objectContaining({ code: 'VAL_MODEL_STORE_FULL' }))
  expect(() => storeFailure('/x')(Object.assign(new Error('no'), { code: 'EACCES' }))).toThrow(
    expect.objectContaining({ code: 'VAL_MODEL_STORE_UNAVAILABLE', detail: expect.stringContaining('/x') }),
  )
})

test('a file that does not fit is refused before a byte of it is fetched', async () => {
  const bench = await SupplyBench.open()
  closers.push(() => bench.close())
  const shelf = new BlobStore(bench.store.folder)
  const fetch = vi.fn()
  const file = { path: 'model.onnx', sha256: 'a'.repeat(64), bytes: Number.MAX_SAFE_INTEGER }
  await expect(shelf.add(file, fetch, unhurried())).rejects.toMatchObject({ code: 'VAL_MODEL_STORE_FULL' })
  expect(fetch).not.toHaveBeenCalled()
})

test('a disk that fills up in mid-download is told, and nothing is left that takes its room', async (context) => {
  const folder = tinyDisk()
  if (folder === undefined) {
    context.skip('mounting a tmpfs needs root')
    return
  }
  const bytes = Buffer.alloc(256 * 1_024)
  const path = join(folder, 'partial')
  const source = {
    readManifest: vi.fn(),
    readSignature: vi.fn(),
    openFile: async () => ({
      from: 0,
      chunks: (async function* () {
        for (let at = 0; at < bytes.length; at += 16_384) yield bytes.subarray(at, at + 16_384)
      })(),
    }),
  }
  const file = { path: 'model.onnx', sha256: 'a'.repeat(64), bytes: bytes.length }
  const limits = { connectMs: 1_000, idleMs: 1_000 }
  await expect(downloadFile(file, path, { source, limits, signal: unhurried(), retryMs: 1 })).rejects.toMatchObject({
    code: 'VAL_MODEL_STORE_FULL',
    detail: expect.stringContaining('ENOSPC'),
  })
  // The room is there again.
  await appendFile(join(folder, 'other'), Buffer.alloc(32 * 1_024))
})
