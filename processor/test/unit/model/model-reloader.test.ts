import { ValenceError } from '@valence/schemas'
import { FakeBackend } from '@valence/testing/models/fake-backend'
import { fakeModel } from '@valence/testing/models/fake-model'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ActiveModel } from '../../../src/model/active-model.ts'
import type { LoadedModel } from '../../../src/model/load-model.ts'
import { ModelReloader, type ModelReloaderOptions } from '../../../src/model/model-reloader.ts'
import type { StoredModel } from '../../../src/model/supply/model-store.ts'
import { silentLogger } from '../../../src/observability/logger.ts'
import { createMetrics, type Metrics } from '../../../src/observability/metrics.ts'

const stored = (digest: string) => ({ digest, folder: `/store/${digest}` }) as StoredModel

/** A supply whose answer a test sets; models are named after their digest. */
class Scene {
  readonly metrics: Metrics = createMetrics()
  readonly models = new ActiveModel(fakeModel(new FakeBackend(), 'a'))
  readonly accepted: string[] = []
  readonly loaded: LoadedModel[] = []
  readonly renewed: string[] = []
  next: () => Promise<StoredModel> = async () => stored('a')
  load: (folder: string) => Promise<LoadedModel> = async (folder) => fakeModel(new FakeBackend(), folder.slice(7))
  pulls = 0
  invalidations = 0
  readonly reloader: ModelReloader

  constructor(options: Partial<ModelReloaderOptions> = {}) {
    this.reloader = new ModelReloader({
      supply: {
        uri: 'https://registry/model.json',
        pull: () => {
          this.pulls++
          return this.next()
        },
        invalidate: () => void this.invalidations++,
        accept: async ({ digest }) => void this.accepted.push(digest),
      },
      models: this.models,
      digest: 'a',
      load: async (folder) => {
        const model = await this.load(folder)
        this.loaded.push(model)
        return model
      },
      renewLease: async (digest) => void this.renewed.push(digest),
      pollMs: 0,
      logger: silentLogger,
      metrics: this.metrics,
      ...options,
    })
  }

  async count(metric: 'reloads' | 'refusals', label: string): Promise<number> {
    const { values } = await this.metrics.model[metric].get()
    return values.find(({ labels }) => Object.values(labels).includes(label))?.value ?? 0
  }
}

let scene: Scene
beforeEach(() => {
  scene = new Scene()
})
afterEach(async () => {
  vi.useRealTimers()
  await scene.reloader.close()
})

describe('a reload', () => {
  test('changes nothing when there is nothing new', async () => {
    expect(await scene.reloader.reload()).toMatchObject({ outcome: 'unchanged', model: { name: 'a' } })
    expect(scene.loaded).toEqual([])
    expect(await scene.count('reloads', 'unchanged')).toBe(1)
  })

  test('swaps to what is new, remembers it and closes the old one', async () => {
    const old = scene.models.current()
    scene.next = async () => stored('b')
    expect(await scene.reloader.reload()).toMatchObject({ outcome: 'swapped', model: { name: 'b' } })
    expect(scene.models.current().ref.name).toBe('b')
    expect([scene.accepted, scene.renewed]).toEqual([['b'], ['b']])
    await vi.waitFor(() => expect((old.backend as FakeBackend).closed).toBe(true))
    expect(await scene.reloader.reload()).toMatchObject({ outcome: 'unchanged' })
    const info = await scene.metrics.model.info.get()
    expect(info.values.map(({ labels }) => labels.name)).toEqual(['b'])
  })

  test('while one is under way looks once more for all who ask: what was published before they asked is found', async () => {
    const gate = Promise.withResolvers<StoredModel>()
    scene.next = () => gate.promise
    const first = scene.reloader.reload()
    await vi.waitFor(() => expect(scene.pulls).toBe(1))
    scene.next = async () => stored('c')
    const others = Promise.all([scene.reloader.reload(), scene.reloader.reload(), scene.reloader.reload()])
    gate.resolve(stored('b'))
    expect(await first).toMatchObject({ outcome: 'swapped', model: { name: 'b' } })
    expect((await others).map(({ outcome, model }) => `${outcome} ${model.name}`)).toEqual(Array(3).fill('swapped c'))
    expect([scene.pulls, scene.loaded.length]).toEqual([2, 2])
  })

  test('follows one that failed', async () => {
    const gate = Promise.withResolvers<StoredModel>()
    scene.next = () => gate.promise
    const first = scene.reloader.reload()
    await vi.waitFor(() => expect(scene.pulls).toBe(1))
    scene.next = async () => stored('b')
    const second = scene.reloader.reload()
    gate.reject(new ValenceError('VAL_MODEL_REGISTRY_TIMEOUT'))
    await expect(first).rejects.toMatchObject({ code: 'VAL_MODEL_REGISTRY_TIMEOUT' })
    expect(await second).toMatchObject({ outcome: 'swapped', model: { name: 'b' } })
  })

  test('takes nothing for known that an earlier look brought', async () => {
    await scene.reloader.reload()
    expect(scene.invalidations).toBe(1)
  })

  test('waits until the model before the last is gone: never more than two are open', async () => {
    const gate = Promise.withResolvers<void>()
    let first = true
    scene.models.onRetire(async () => {
      if (first) await gate.promise
      first = false
    })
    scene.next = async () => stored('b')
    await scene.reloader.reload()
    scene.next = async () => stored('c')
    const third = scene.reloader.reload()
    await new Promise((resolve) => setImmediate(resolve))
    expect(scene.loaded.map(({ ref }) => ref.name)).toEqual(['b'])
    gate.resolve()
    expect(await third).toMatchObject({ model: { name: 'c' } })
  })

  test('stands although the store cannot be renewed', async () => {
    await scene.reloader.close()
    const renewLease = async () => {
      throw new ValenceError('VAL_MODEL_STORE_FULL')
    }
    scene = new Scene({ renewLease })
    scene.next = async () => stored('b')
    expect(await scene.reloader.reload()).toMatchObject({ outcome: 'swapped' })
  })
})

describe('the old model goes on, untouched, when', () => {
  async function expectUntouched(code: string): Promise<void> {
    const old = scene.models.current()
    await expect(scene.reloader.reload()).rejects.toMatchObject({ code })
    expect(scene.models.current()).toBe(old)
    expect((old.backend as FakeBackend).closed).toBe(false)
    expect([scene.accepted, scene.renewed]).toEqual([[], []])
    expect(await scene.count('refusals', code)).toBe(1)
    expect(await scene.count('reloads', 'refused')).toBe(1)
  }

  test('the supply refuses', async () => {
    scene.next = async () => {
      throw new ValenceError('VAL_MODEL_CHECKSUM_MISMATCH')
    }
    await expectUntouched('VAL_MODEL_CHECKSUM_MISMATCH')
  })

  test('golden scores differ', async () => {
    scene.next = async () => stored('b')
    scene.load = async () => {
      throw new ValenceError('VAL_MODEL_GOLDEN_MISMATCH')
    }
    await expectUntouched('VAL_MODEL_GOLDEN_MISMATCH')
  })
})

describe('polling', () => {
  beforeEach(async () => {
    await scene.reloader.close()
    vi.useFakeTimers()
    scene = new Scene({ pollMs: 1_000 })
  })

  test('finds a new model by itself', async () => {
    await vi.advanceTimersByTimeAsync(1_000)
    scene.next = async () => stored('b')
    await vi.advanceTimersByTimeAsync(1_000)
    expect([scene.pulls, scene.models.current().ref.name]).toEqual([2, 'b'])
  })

  test('does not load again what it found bad, until it is asked to', async () => {
    scene.next = async () => stored('b')
    const load = scene.load
    scene.load = async () => {
      throw new ValenceError('VAL_MODEL_GOLDEN_MISMATCH')
    }
    await vi.advanceTimersByTimeAsync(1_000)
    scene.load = load
    await vi.advanceTimersByTimeAsync(10_000)
    expect(scene.models.current().ref.name).toBe('a')
    expect(await scene.reloader.reload()).toMatchObject({ outcome: 'swapped' })
  })

  test('fetches again what is damaged on the disk', async () => {
    scene.next = async () => stored('b')
    const load = scene.load
    scene.load = async () => {
      throw new ValenceError('VAL_MODEL_CHECKSUM_MISMATCH')
    }
    await vi.advanceTimersByTimeAsync(1_000)
    expect(scene.invalidations).toBe(1)
    scene.load = load
    await vi.advanceTimersByTimeAsync(10_000)
    expect(scene.models.current().ref.name).toBe('b')
  })

  test('asks a failing registry ever less often', async () => {
    scene.next = async () => {
      throw new ValenceError('VAL_MODEL_REGISTRY_UNAVAILABLE')
    }
    await vi.advanceTimersByTimeAsync(1_000 + 2_000 + 4_000)
    expect(scene.pulls).toBe(3)
  })

  test('asks it in the end every sixteen intervals, and at each one again once it answered', async () => {
    const answers = scene.next
    scene.next = async () => {
      throw new ValenceError('VAL_MODEL_REGISTRY_UNAVAILABLE')
    }
    await vi.advanceTimersByTimeAsync((1 + 2 + 4 + 8 + 16 + 16) * 1_000)
    expect(scene.pulls).toBe(6)
    scene.next = answers
    await vi.advanceTimersByTimeAsync((16 + 1 + 1) * 1_000)
    expect(scene.pulls).toBe(9)
  })

  test('does not go on after a close in the middle of a look', async () => {
    const gate = Promise.withResolvers<StoredModel>()
    scene.next = () => gate.promise
    await vi.advanceTimersByTimeAsync(1_000)
    const closed = scene.reloader.close()
    gate.reject(new Error('stopped'))
    await closed
    await vi.advanceTimersByTimeAsync(60_000)
    expect(scene.pulls).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('waits for the longest that timers can, not for no time at all, where the interval is beyond them', async () => {
    await scene.reloader.close()
    scene = new Scene({ pollMs: 2 ** 31 })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(scene.pulls).toBe(0)
  })

  test('ends with close', async () => {
    await scene.reloader.close()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(scene.pulls).toBe(0)
  })
})

test('a model that is ready only after close is closed and never used', async () => {
  const gate = Promise.withResolvers<void>()
  const backend = new FakeBackend()
  scene.next = async () => stored('b')
  scene.load = async () => {
    await gate.promise
    return fakeModel(backend, 'b')
  }
  const reload = scene.reloader.reload().catch((error: unknown) => error)
  await new Promise((resolve) => setImmediate(resolve))
  const closed = scene.reloader.close()
  gate.resolve()
  await closed
  expect(await reload).toBeInstanceOf(Error)
  expect([backend.closed, scene.models.current().ref.name]).toEqual([true, 'a'])
})

test('what a stop interrupts is not counted as a refusal', async () => {
  const gate = Promise.withResolvers<StoredModel>()
  scene.next = () => gate.promise
  const reload = scene.reloader.reload().catch((error: unknown) => error)
  await vi.waitFor(() => expect(scene.pulls).toBe(1))
  const closed = scene.reloader.close()
  gate.reject(new ValenceError('VAL_MODEL_REGISTRY_UNAVAILABLE'))
  await closed
  expect(await reload).toMatchObject({ code: 'VAL_MODEL_REGISTRY_UNAVAILABLE' })
  expect([
    await scene.count('reloads', 'refused'),
    await scene.count('refusals', 'VAL_MODEL_REGISTRY_UNAVAILABLE'),
  ]).toEqual([0, 0])
})

test('who asks while the process stops is told so, and nothing is looked for', async () => {
  const gate = Promise.withResolvers<StoredModel>()
  scene.next = () => gate.promise
  const asked = [scene.reloader.reload(), scene.reloader.reload()].map((reload) => reload.catch(({ code }) => code))
  await vi.waitFor(() => expect(scene.pulls).toBe(1))
  const closed = scene.reloader.close()
  gate.resolve(stored('b'))
  await closed
  expect([await asked[1], scene.pulls]).toEqual(['VAL_INFERENCE_UNAVAILABLE', 1])
})

test('a look passes through its states one after the other, and waits for the model before the last', async () => {
  const states: string[] = []
  const gate = Promise.withResolvers<void>()
  scene.models.onRetire(() => gate.promise)
  scene.next = async () => {
    states.push(scene.reloader.state)
    return stored('b')
  }
  const load = scene.load
  scene.load = (folder) => {
    states.push(scene.reloader.state)
    return load(folder)
  }
  states.push(scene.reloader.state)
  await scene.reloader.reload()
  const second = scene.reloader.reload()
  await new Promise((resolve) => setImmediate(resolve))
  states.push(scene.reloader.state)
  gate.resolve()
  expect(await second).toMatchObject({ outcome: 'unchanged' })
  states.push(scene.reloader.state)
  await scene.reloader.close()
  states.push(scene.reloader.state)
  await scene.reloader.close()
  expect(states).toEqual(['idle', 'looking', 'loading', 'draining', 'looking', 'idle', 'closed'])
})

test('a refused look leaves the reloader idle', async () => {
  scene.next = async () => {
    throw new ValenceError('VAL_MODEL_REGISTRY_TIMEOUT')
  }
  await expect(scene.reloader.reload()).rejects.toMatchObject({ code: 'VAL_MODEL_REGISTRY_TIMEOUT' })
  expect(scene.reloader.state).toBe('idle')
})
