import { isUtf8 } from 'node:buffer'

const control = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

/** One line for a table: text if the bytes are UTF-8, else hex. Control characters are replaced. */
export function previewBytes(bytes: Buffer | null, width: number): string {
  if (bytes === null) return '(null)'
  if (bytes.length === 0) return '(empty)'
  // A character has at most two UTF-16 units, so this is more than `width` characters.
  const whole = isUtf8(bytes)
  const shown = whole ? bytes.toString('utf8').slice(0, width * 2 + 2) : `0x${bytes.subarray(0, width).toString('hex')}`
  const line = whole ? shown.replace(/\s+/g, ' ').replace(control, '·').trim() : shown
  const characters = [...line]
  return characters.length > width ? `${characters.slice(0, width - 1).join('')}…` : line
}

/** Lines of text if the bytes are UTF-8, else a hex dump with 16 bytes per row. */
export function showBytes(bytes: Buffer, maxBytes: number): string[] {
  const lines = isUtf8(bytes) ? showText(bytes.toString('utf8'), maxBytes) : hexRows(bytes.subarray(0, maxBytes))
  return bytes.length > maxBytes ? [...lines, `… ${bytes.length} bytes in all`] : lines
}

function showText(text: string, maxCharacters: number): string[] {
  return text
    .slice(0, maxCharacters)
    .toWellFormed()
    .split('\n')
    .map((line) => line.replace(/\r$/, '').replace(control, (character) => (character === '\t' ? '\t' : '·')))
}

function hexRows(bytes: Buffer): string[] {
  const rows = Math.ceil(bytes.length / 16)
  return Array.from({ length: rows }, (_, row) => {
    const slice = bytes.subarray(row * 16, row * 16 + 16)
    const hex = slice.toString('hex').replace(/(..)(?=.)/g, '$1 ')
    const ascii = slice.toString('latin1').replace(/[^\x20-\x7e]/g, '.')
    return `${(row * 16).toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${ascii}`
  })
}
