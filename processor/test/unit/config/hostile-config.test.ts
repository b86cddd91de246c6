import { isValenceError } from '@valence/schemas'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Config, readConfig, redactConfig } from '../../../src/config/config.ts'
import { type SettingName, settings } from '../../../src/config/settings.ts'

const names = Object.keys(settings) as SettingName[]
const secrets = names.filter((name) => 'secret' in settings[name])
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '',
    ' ',
    '0',
    '-1',
    '1e999',
    'NaN',
    '0x10',
    'true',
    'null',
    '[]',
    '__proto__',
    'a,b',
    ',',
    'http://',
    '\n',
  ),
)
const anyName = fc.oneof(
  fc.constantFrom<string>(...names),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'VALENCE___PROTO__',
    'VALENCE_',
    'VALENCE_CONSTRUCTOR',
    'VALENCE_TOSTRING',
  ),
  anyText.map((text) => `VALENCE_${text}`),
)
const environments = fc
  .array(fc.tuple(anyName, anyText), { maxLength: 12 })
  .map((entries) => Object.fromEntries(entries) as Record<string, string>)

function read(environment: Record<string, string>): Config | string {
  try {
    return readConfig(environment)
  } catch (error) {
    if (!isValenceError(error) || error.code !== 'VAL_CONFIG_INVALID') throw error
    return error.message
  }
}

describe('any environment', () => {
  const ownNames = Object.getOwnPropertyNames(Object.prototype)

  it('is read or refused with VAL_CONFIG_INVALID, and changes nothing else', () =>
    fc.assert(
      fc.property(environments, (environment) => {
        const config = read(environment)
        if (typeof config !== 'string') expect(Object.isFrozen(config)).toBe(true)
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(ownNames)
      }),
      { numRuns: 300 },
    ))

  it('is refused with one line per problem, which names the setting', () =>
    fc.assert(
      fc.property(environments, (environment) => {
        const config = read(environment)
        if (typeof config !== 'string') return
        for (const line of config.split('\n').slice(1)) expect(line).toMatch(/^ {2}VALENCE_/)
      }),
      { numRuns: 300 },
    ))

  it('prints no secret, whether it is read or refused', () =>
    fc.assert(
      fc.property(fc.constantFrom(...secrets), anyText, environments, (name, noise, environment) => {
        const secret = `hush-${noise}-hush`
        const config = read({ ...environment, [name]: secret })
        const shown = typeof config === 'string' ? config : JSON.stringify(redactConfig(config))
        expect(shown).not.toContain('hush-')
      }),
      { numRuns: 300 },
    ))
})
