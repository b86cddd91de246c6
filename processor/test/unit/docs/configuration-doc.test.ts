import { expect, it } from 'vitest'
import { settings } from '../../../src/config/settings.ts'

it('docs/configuration.md has a sentence for every setting', () => {
  const silent = Object.entries(settings).filter(([, { doc }]) => !/^[A-Z`].{8,}/.test(doc))
  expect(silent.map(([name]) => name)).toEqual([])
})
