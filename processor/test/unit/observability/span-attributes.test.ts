import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { describe, expect, it } from 'vitest'
import { spanAttributes } from '../../../src/observability/span-attributes.ts'

const names = Object.values(spanAttributes)
const entry = createRequire(import.meta.url).resolve('@opentelemetry/semantic-conventions/incubating')
const declarations = ['stable_attributes', 'experimental_attributes']
  .map((name) => readFileSync(new URL(`./${name}.d.cts`, `file://${entry}`), 'utf8'))
  .join('\n')

describe('the names of span attributes', () => {
  it('are in the semantic conventions, or begin with our prefix', () => {
    const known = new Set<unknown>(Object.values(conventions))
    expect(names.filter((name) => !name.startsWith('valence.') && !known.has(name))).toEqual([])
  })

  it('are not deprecated in the semantic conventions', () => {
    const deprecated = [...declarations.matchAll(/@deprecated(?:(?!\*\/)[\s\S])*\*\/\s*declare const \w+: "([^"]+)"/g)]
    const given = new Set(deprecated.map(([, name]) => name))
    expect(given.size).toBeGreaterThan(10)
    expect(names.filter((name) => given.has(name))).toEqual([])
  })
})
