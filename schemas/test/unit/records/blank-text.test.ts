import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readBareText } from '../../../src/records/bare-value.ts'
import { isBlankText } from '../../../src/records/blank-text.ts'
import { checkText, textEventAvro, textEventJson } from '../../../src/records/text-event.ts'
import { thrownBy } from '../../support/thrown.ts'

/** One invisible character of each kind. */
const blanks = {
  'no-break space': '\u00a0',
  'em space': '\u2003',
  'ideographic space': '\u3000',
  'line separator': '\u2028',
  'next line': '\u0085',
  'soft hyphen': '\u00ad',
  'zero-width joiner': '\u200d',
  'word joiner': '\u2060',
  'variation selector': '\ufe0f',
  'ideographic variation selector': '\u{e0100}',
  'tag character': '\u{e0041}',
  'right-to-left override': '\u202e',
  'combining acute': '\u0301',
  'enclosing keycap': '\u20e3',
  'vowel sign without its letter': '\u093e',
  'Hangul filler': '\u3164',
  'half-width Hangul filler': '\uffa0',
  'Hangul choseong filler': '\u115f',
  'Hangul jungseong filler': '\u1160',
  'Khitan filler': '\u{16fe4}',
  'braille blank': '\u2800',
  'Egyptian full blank': '\u{13441}',
  'null note head': '\u{1d159}',
  noncharacter: '\uffff',
}

const texts = [
  '?',
  '.',
  '7',
  '€',
  '❤️',
  '👍🏽',
  '👩‍👩‍👧',
  '1️⃣',
  '🇪🇺',
  '好',
  'é',
  'e\u0301',
  'का',
  'ㅋ',
  '\u2801',
  '\ue000',
  '\ufffd',
]

/** Categories of visible characters, except those that the rule names. */
const seen = /^[\p{L}\p{N}\p{P}\p{S}\p{Co}\p{Cn}]$/u
const unseen = /^[\p{Z}\p{C}\p{M}]$/u
const exceptions = /^[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{13441}\u{13442}\u{1d159}]$/u

describe('a blank text', () => {
  it.each(Object.entries(blanks))('is a %s alone', (_, character) => {
    for (const text of [character, ` ${character}\n`, character.repeat(3)]) expect(isBlankText(text)).toBe(true)
  })

  it.each(texts)('is not %j', (text) => expect(isBlankText(text)).toBe(false))

  it('is decided by the category of each character of Unicode', () => {
    const differing: string[] = []
    for (let point = 0; point <= 0x10ffff; point += 1) {
      if (point >= 0xd800 && point <= 0xdfff) continue
      const character = String.fromCodePoint(point)
      const isSeen = seen.test(character) && !exceptions.test(character)
      if (isSeen === isBlankText(character)) differing.push(point.toString(16))
      if (!seen.test(character) && !unseen.test(character)) differing.push(`${point.toString(16)} has no category`)
    }
    expect(differing).toEqual([])
  })

  it('is one of whose characters each is blank', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(...Object.values(blanks)),
            fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
          ),
        ),
        (characters) => {
          expect(isBlankText(characters.join(''))).toBe(characters.every((one) => isBlankText(one)))
        },
      ),
    )
  })

  const avroOf = (text: string) => {
    const bytes = textEventAvro.encode({ text: 'x', id: null, attributes: {} })
    const at = bytes.indexOf(Buffer.from([2, 0x78]))
    const utf8 = Buffer.from(text)
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([utf8.length * 2]), utf8, bytes.subarray(at + 2)])
  }

  const doors: Record<string, (text: string) => unknown> = {
    'the check of the scorer': checkText,
    'a bare record': (text) => readBareText(Buffer.from(text)),
    'a JSON record': (text) => textEventJson.parse({ text }),
    'an Avro record': (text) => textEventAvro.decode(avroOf(text)),
    'the encoder of JSON': (text) => textEventJson.encode({ text }),
    'the encoder of Avro': (text) => textEventAvro.encode({ text }),
  }

  it.each(Object.entries(doors))('is refused, and no other, at %s', (_, door) => {
    for (const text of Object.values(blanks)) {
      expect(thrownBy(() => door(text)).code, JSON.stringify(text)).toBe('VAL_TEXT_EMPTY')
    }
    for (const text of texts) door(text)
  })
})
