import { FakeBackend } from '@valence/testing/models/fake-backend'
import { fakeModel } from '@valence/testing/models/fake-model'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { distance, Shadow, type ShadowOptions } from '../../../src/model/shadow.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

const shadows: Shadow[] = []
afterEach(() => Promise.all(shadows.splice(0).map((shadow) => shadow.close())))

const good = {
  label: 'positive',
  scores: { negative: 0.1, neutral: 0.2, positive: 0.7 },
  valence: 0.6,
  tokens: 3,
  truncated: false,
  model: { name: 'active', version: '1', sha256: 'x' },
}

function start(options: Partial<ShadowOptions> = {}) {
  const backend = new FakeBackend()
  const metrics = createMetrics()
  const shadow = new Shadow({ candidate: fakeModel(backend), ratio: 1, maxQueued: 100, metrics, ...options })
  shadows.push(shadow)
  const outcome = async (name: string) => {
    const { values } = await metrics.shadow.texts.get()
    return values.find(({ labels }) => labels.outcome === name)?.value ?? 0
  }
  return { backend, metrics, shadow, outcome }
}

describe('a candidate in the shadow', () => {
  test('is compared with what was answered', async () => {
    const { shadow, outcome, metrics } = start()
    shadow.offer('good', good)
    shadow.offer('bad', good)
    await vi.waitFor(async () => expect([await outcome('agreed'), await outcome('differed')]).toEqual([1, 1]))
    const { values } = await metrics.shadow.labels.get()
    expect(values).toContainEqual({ labels: { active: 'positive', candidate: 'negative' }, value: 1 })
    expect(
      (await metrics.shadow.infer.get()).values.find(({ metricName }) => metricName?.endsWith('_count'))?.value,
    ).toBe(1)
  })

  test('sees a sample only', async () => {
    const draws = [0.1, 0.3, 0.249, 0.9]
    const { shadow, outcome } = start({ ratio: 0.25, random: () => draws.shift() ?? 1 })
    for (let i = 0; i < 4; i++) shadow.offer('good', good)
    await vi.waitFor(async () => expect(await outcome('agreed')).toBe(2))
  })

  test('never makes anybody wait: what does not fit is dropped, one batch runs at a time', async () => {
    const { shadow, backend, outcome } = start({ maxQueued: 20 })
    backend.hold()
    for (let i = 0; i < 50; i++) shadow.offer('good', good)
    expect(await outcome('dropped')).toBe(30)
    await vi.waitFor(() => expect(backend.running).toBe(1))
    backend.release()
    await vi.waitFor(async () => expect(await outcome('agreed')).toBe(20))
    expect([backend.mostRunning, Math.max(...backend.batches.map((rows) => rows.length))]).toEqual([1, 8])
  })

  test('may fail without anybody noticing but the metrics', async () => {
    const { shadow, outcome } = start()
    shadow.offer('poison', good)
    await vi.waitFor(async () => expect(await outcome('failed')).toBe(1))
    shadow.offer('good', good)
    await vi.waitFor(async () => expect(await outcome('agreed')).toBe(1))
  })

  test('is closed with what waits forgotten', async () => {
    const { shadow, backend } = start()
    for (let i = 0; i < 50; i++) shadow.offer('good', good)
    await shadow.close()
    expect([backend.closed, backend.batches.length]).toEqual([true, 0])
    shadow.offer('good', good)
    expect(backend.batches).toEqual([])
  })
})

test.each([
  [{ a: 1, b: 0 }, { a: 1, b: 0 }, 0],
  [{ a: 1, b: 0 }, { a: 0, b: 1 }, 1],
  [{ a: 0.5, b: 0.5 }, { a: 0.75, b: 0.25 }, 0.25],
  [{ a: 1 }, { other: 1 }, 1],
  [{ a: 1 }, { constructor: 0.5, toString: 0.5 }, 1],
])('the distance of %j and %j is %d', (a, b, wanted) => {
  expect(distance(a as Record<string, number>, b as Record<string, number>)).toBeCloseTo(wanted)
})
