import { expect, test } from 'vitest'
import type { InferenceBackend } from '../../../src/inference/backend.ts'
import { ActiveModel } from '../../../src/model/active-model.ts'
import type { LoadedModel } from '../../../src/model/load-model.ts'

function modelNamed(name: string, events: string[]): LoadedModel {
  const close = async () => {
    events.push(`${name} closed`)
  }
  const backend = { activate: () => void events.push(`${name} activated`) } as InferenceBackend
  return { ref: { name, version: '1', sha256: name }, backend, close } as LoadedModel
}

test('a swap takes effect at once, and the old model is closed when its listeners have let go', async () => {
  const events: string[] = []
  const [old, next] = [modelNamed('old', events), modelNamed('next', events)]
  const active = new ActiveModel(old)
  const drained = Promise.withResolvers<void>()
  active.onRetire(async (retired) => {
    events.push(`${retired.ref.name} draining`)
    await drained.promise
    events.push(`${retired.ref.name} drained`)
  })
  const swapped = active.swap(next)
  expect(active.current()).toBe(next)
  expect(events).toEqual(['old activated', 'next activated', 'old draining'])
  drained.resolve()
  await swapped
  expect(events.slice(2)).toEqual(['old draining', 'old drained', 'old closed'])
})

test('close drains and closes the model in use', async () => {
  const events: string[] = []
  const active = new ActiveModel(modelNamed('only', events))
  active.onRetire(async () => {
    events.push('drained')
  })
  await active.close()
  expect(events).toEqual(['only activated', 'drained', 'only closed'])
})

test('the old model is closed although a listener fails', async () => {
  const events: string[] = []
  const active = new ActiveModel(modelNamed('old', events))
  active.onRetire(() => Promise.reject(new Error('cannot drain')))
  await expect(active.swap(modelNamed('next', events))).rejects.toThrow('cannot drain')
  expect(events.at(-1)).toBe('old closed')
})
