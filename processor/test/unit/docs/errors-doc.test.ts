import { readFileSync } from 'node:fs'
import { errorCatalogue } from '@valence/schemas'
import { expect, it } from 'vitest'

const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')

it('docs/errors.md has one row for each code of the catalogue, and no other', () => {
  const documented = [...page.matchAll(/^\| `(VAL_[A-Z0-9_]+)`/gm)].map(([, code]) => code)
  expect(documented.toSorted()).toEqual(Object.keys(errorCatalogue).toSorted())
})

it('docs/errors.md mentions no code that does not exist', () => {
  for (const [code] of page.matchAll(/VAL_[A-Z0-9_]+/g)) expect(errorCatalogue).toHaveProperty(code)
})
