import { mkdir, mkdtemp, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepInUse, renewLeaseMs } from '../../../../src/model/supply/keep-in-use.ts'
import { silentLogger } from '../../../../src/observability/logger.ts'

const longAgo = new Date('2026-01-01T00:00:00Z')
let store: string
let model: string

beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), 'valence-store-'))
  model = join(store, 'models', 'a'.repeat(64))
  await mkdir(model, { recursive: true })
  await utimes(model, longAgo, longAgo)
})
afterEach(async () => {
  vi.useRealTimers()
  await rm(store, { recursive: true, force: true })
})

const isFresh = async (folder: string) => (await stat(folder)).mtimeMs > longAgo.getTime()

test('a model of the store is marked at once, every hour, and not after the end', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const mark = keepInUse(model, store, silentLogger)
  await vi.waitFor(async () => expect(await isFresh(model)).toBe(true))
  await utimes(model, longAgo, longAgo)
  vi.advanceTimersByTime(renewLeaseMs)
  await vi.waitFor(async () => expect(await isFresh(model)).toBe(true))
  mark.end()
  expect(vi.getTimerCount()).toBe(0)
})

test('a folder outside the store is left as it is', async () => {
  const folder = join(store, 'elsewhere')
  await mkdir(folder)
  await utimes(folder, longAgo, longAgo)
  keepInUse(folder, store, silentLogger).end()
  expect(await isFresh(folder)).toBe(false)
})
