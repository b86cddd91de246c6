import { describe, expect, it } from 'vitest'
import { previewBytes, showBytes } from '../../../src/cli/bytes-preview.ts'

describe('previewBytes', () => {
  const preview = (bytes: Buffer | string | null, width = 12) =>
    previewBytes(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, width)

  it('tells nothing from an empty value', () => {
    expect(preview(null)).toBe('(null)')
    expect(preview('')).toBe('(empty)')
  })

  it('shows short texts whole and cuts long ones', () => {
    expect(preview('exactly twel')).toBe('exactly twel')
    expect(preview('more than twelve')).toBe('more than t…')
  })

  it('makes one line of several and lets no control character through', () => {
    expect(preview('a\n\tb')).toBe('a b')
    expect(preview('\u001b[31mred\u0007')).toBe('·[31mred·')
    expect(preview('\u202Egnp.exe')).toBe('·gnp.exe')
  })

  it('counts characters, not UTF-16 units', () => {
    expect(preview('😀'.repeat(12))).toBe('😀'.repeat(12))
    expect(preview('😀'.repeat(13))).toBe(`${'😀'.repeat(11)}…`)
  })

  it('shows bytes that are no text in hex', () => {
    expect(preview(Buffer.from([0xff, 0x00, 0x41]))).toBe('0xff0041')
  })
})

describe('showBytes', () => {
  it('shows the lines of a text', () => {
    expect(showBytes(Buffer.from('one\r\ntwo\tthree\u001b[2J'), 100)).toEqual(['one', 'two\tthree·[2J'])
  })

  it('says how much there is in all where it cuts', () => {
    expect(showBytes(Buffer.from('abcdefgh'), 4)).toEqual(['abcd', '… 8 bytes in all'])
  })

  it('shows rows of sixteen bytes where they are no text', () => {
    const bytes = Buffer.concat([Buffer.from([0x00, 0xff]), Buffer.from('Valence, at work!')])
    expect(showBytes(bytes, 100)).toEqual([
      '000000  00 ff 56 61 6c 65 6e 63 65 2c 20 61 74 20 77 6f  ..Valence, at wo',
      '000010  72 6b 21                                         rk!',
    ])
  })
})
