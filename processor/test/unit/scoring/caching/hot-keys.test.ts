import { afterEach, describe, expect, it } from 'vitest'
import { HotKeys, type HotKeysOptions } from '../../../../src/scoring/caching/hot-keys.ts'
import { MemoryCache } from '../../../../src/scoring/caching/memory-cache.ts'
import { type ByteStore, encodeScore } from '../../../../src/scoring/caching/shared-cache.ts'

const score = (tokens: number) => ({ probabilities: [0.25, 0.75], tokens, truncated: false })

/** A store in memory that can be away, as Redis is while it connects. */
class FakeStore implements ByteStore {
  readonly entries = new Map<string, Buffer>()
  isDown = false
  asked = 0

  async getMany(keys: readonly string[]) {
    this.asked++
    return keys.map((key) => (this.isDown ? undefined : this.entries.get(key)))
  }

  setMany(entries: readonly (readonly [string, Buffer])[]) {
    if (!this.isDown) for (const [key, value] of entries) this.entries.set(key, value)
  }

  async close() {}
}

const opened: HotKeys[] = []
afterEach(() => {
  for (const hotKeys of opened.splice(0)) hotKeys.close()
})

function open(options: Partial<HotKeysOptions> & Pick<HotKeysOptions, 'store'>) {
  const memory = options.memory ?? new MemoryCache(1_000_000)
  const hotKeys = new HotKeys({ memory, fingerprint: () => 'f', askEveryMs: 5, askForMs: 50, ...options })
  opened.push(hotKeys)
  return { memory, hotKeys }
}

function fill(memory: MemoryCache, store: FakeStore, count: number): void {
  for (let i = 0; i < count; i++) {
    memory.set(`k${i}`, score(i))
    store.setMany([[`k${i}`, encodeScore(`k${i}`, score(i))]])
  }
}

describe('hot keys', () => {
  it('give a new process the scores that the last one had asked for last', async () => {
    const store = new FakeStore()
    const before = open({ store, maxKeys: 3 })
    fill(before.memory, store, 5)
    before.memory.get('k0')
    before.hotKeys.close()
    const after = open({ store })
    expect(await after.hotKeys.restore()).toBe(3)
    expect(after.memory.hottest(9)).toEqual(['k0', 'k4', 'k3'])
    expect(after.memory.get('k4')).toEqual(score(4))
    expect(after.memory.get('k1')).toBeUndefined()
  })

  it('fetch many in several goes, the hottest last', async () => {
    const store = new FakeStore()
    const before = open({ store })
    fill(before.memory, store, 1_200)
    before.hotKeys.save()
    const after = open({ store })
    expect(await after.hotKeys.restore()).toBe(1_200)
    expect(after.memory.hottest(2)).toEqual(['k1199', 'k1198'])
    expect(after.memory.hottest(1_200).at(-1)).toBe('k0')
  })

  it('wait for a store that is still connecting', async () => {
    const store = new FakeStore()
    const before = open({ store })
    fill(before.memory, store, 2)
    before.hotKeys.save()
    store.isDown = true
    const after = open({ store, askForMs: 5_000 })
    const restored = after.hotKeys.restore()
    await expect.poll(() => store.asked).toBeGreaterThan(2)
    store.isDown = false
    expect(await restored).toBe(2)
  })

  it('begin empty without a list, with scores that are gone, and with what somebody else wrote', async () => {
    const store = new FakeStore()
    expect(await open({ store }).hotKeys.restore()).toBe(0)
    store.entries.set('hot:f', Buffer.from('["gone"]'))
    expect(await open({ store }).hotKeys.restore()).toBe(0)
    for (const list of ['nonsense', '{}', '[1]']) {
      store.entries.set('hot:f', Buffer.from(list))
      expect(await open({ store }).hotKeys.restore()).toBe(0)
    }
  })

  it('keep a list for each model, and none for an empty cache', async () => {
    const store = new FakeStore()
    const before = open({ store, fingerprint: () => 'other' })
    before.hotKeys.save()
    expect(store.entries.size).toBe(0)
    fill(before.memory, store, 1)
    before.hotKeys.save()
    expect(await open({ store }).hotKeys.restore()).toBe(0)
    expect(await open({ store, fingerprint: () => 'other' }).hotKeys.restore()).toBe(1)
  })

  it('are saved now and then', async () => {
    const store = new FakeStore()
    const { memory } = open({ store, saveEveryMs: 10 })
    memory.set('a', score(1))
    await expect.poll(() => store.entries.get('hot:f')?.toString()).toBe('["a"]')
  })

  it('stop asking when closed', async () => {
    const store = new FakeStore()
    const { hotKeys } = open({ store, askForMs: 60_000 })
    const restored = hotKeys.restore()
    hotKeys.close()
    expect(await restored).toBe(0)
  })
})
