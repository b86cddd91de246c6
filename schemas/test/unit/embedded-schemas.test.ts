import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { embedSchemas } from '../../scripts/embed-schemas.ts'
import { embeddedSchemas, recordKinds } from '../../src/index.ts'

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

describe('the embedded schemas', () => {
  it.each(recordKinds)('hold the files of %s', (kind) => {
    expect(embeddedSchemas[kind].avro).toEqual(JSON.parse(read(`avro/${kind}.avsc`)))
    expect(embeddedSchemas[kind].json).toEqual(JSON.parse(read(`json/${kind}.schema.json`)))
  })

  it('are what `npm run embed -w @valence/schemas` writes', () => {
    expect(read('src/embedded-schemas.ts')).toBe(embedSchemas())
  })
})
