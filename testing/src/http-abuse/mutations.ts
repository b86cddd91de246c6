import { gzipSync } from 'node:zlib'
import type { Dice } from '../inputs/dice.ts'
import type { PlainRequest } from './plain-requests.ts'

/** Strings that have broken servers before. */
const nastyStrings = [
  '',
  ' ',
  '\0',
  '%',
  '%00',
  '%E0%A4%A',
  '../../../../etc/passwd',
  '\u{feff}',
  '\u{d800}',
  '٣',
  '1e999',
  '-1',
  '0x10',
  'null',
  '__proto__',
  'constructor',
  '{{7*7}}',
  '<script>',
  "' or 1=1 --",
  'a'.repeat(70_000),
  '😀'.repeat(5_000),
  'bytes=0-',
  'W/"',
  'chunked',
]

const nastyValues: readonly unknown[] = [
  ...nastyStrings,
  null,
  true,
  -0,
  1.5,
  2 ** 53,
  -1,
  [],
  {},
  [[]],
  Array(300).fill('x'),
  { text: 'good', __proto__: null },
  { toString: 1, valueOf: 1, hasOwnProperty: 1 },
]

const nastyHeaders: readonly (readonly [string, string])[] = [
  ['content-length', '0'],
  ['content-length', '-1'],
  ['content-length', '99999999999999999999'],
  ['content-length', '3, 3'],
  ['transfer-encoding', 'chunked'],
  ['transfer-encoding', 'gzip, chunked'],
  ['transfer-encoding', 'identity'],
  ['content-encoding', 'gzip'],
  ['expect', '100-continue'],
  ['expect', 'something'],
  ['connection', 'upgrade'],
  ['upgrade', 'websocket'],
  ['upgrade', 'h2c'],
  ['host', 'second.example'],
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', 'application/json;'.repeat(500)],
  ['content-type', 'multipart/form-data; boundary=x'],
  ['content-type', 'application/octet-stream'],
  ['content-type', 'text/plain'],
  ['inference-header-content-length', '4294967296'],
  ['inference-header-content-length', '-1'],
  ['timeout-ms', '1'],
  ['timeout-ms', '1e3'],
  ['authorization', `Bearer ${'a.'.repeat(2_000)}`],
  ['authorization', 'Bearer'],
  ['cookie', 'a=b; '.repeat(500)],
  ['x-forwarded-for', '1.2.3.4, '.repeat(200)],
  ['last-event-id', '9.'.repeat(4_000)],
  ['range', 'bytes=0-1,'.repeat(300)],
  ['x-big', 'b'.repeat(20_000)],
  ['x-raw', '\u0001\u007f\u00ff'],
  [' leading', 'space'],
  ['no colon at all', ''],
  ['', 'no name'],
]

const versions = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'ICY', '']
const methods = [
  'GET',
  'POST',
  'PUT',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PRI',
  'QUERY',
  'get',
  'G\0T',
  'A'.repeat(300),
]
const targets = [
  '*',
  '',
  '//',
  'http://a/v1/score',
  '/v1/score?text=',
  '/v1/score?text=a&text=b',
  '/%2e%2e/',
  '/v2/models/%00',
]
const chunkSizes = ['5', 'ffffffffffffffffff', '-1', '0x5', '5;ext=1', `5;${'e'.repeat(20_000)}`, '']

/** Puts something nasty at a random place of a JSON value. */
function spoil(dice: Dice, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || dice.int(3) === 0) return dice.pick(nastyValues)
  const entries = Object.entries(value)
  if (entries.length === 0) return dice.pick(nastyValues)
  const [key, member] = dice.pick(entries)
  if (dice.int(6) === 0) entries.push([dice.pick(nastyStrings), member])
  const changed = entries.map(([name, old]) => [name, name === key ? spoil(dice, member) : old] as const)
  return Array.isArray(value) ? changed.map(([, member]) => member) : Object.fromEntries(changed)
}

function nested(dice: Dice): Buffer {
  const depth = 1 + dice.int(20_000)
  const [open, close] = dice.pick([
    ['[', ']'],
    ['{"a":', '}'],
  ])
  return Buffer.from(`${open.repeat(depth)}1${dice.int(2) === 0 ? close.repeat(depth) : ''}`)
}

function mutateBytes(dice: Dice, bytes: Buffer): Buffer {
  const at = dice.int(bytes.length + 1)
  const end = at + dice.int(bytes.length - at + 1)
  const noise = Buffer.from(Array.from({ length: 1 + dice.int(40) }, () => dice.int(256)))
  const [before, range, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)]
  const flipped = Buffer.from(bytes)
  if (at < flipped.length) flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << dice.int(8)), at)
  return dice.pick([
    () => flipped,
    () => Buffer.concat([before, after]),
    () => Buffer.concat([before, range, range, after]),
    () => Buffer.concat([before, noise, range, after]),
    () => before,
  ])()
}

function mutateBody(dice: Dice, { body }: PlainRequest): Buffer {
  return dice.pick([
    () => {
      try {
        return Buffer.from(JSON.stringify(spoil(dice, JSON.parse(body.toString()))) ?? '')
      } catch {
        return mutateBytes(dice, body)
      }
    },
    () => mutateBytes(dice, body),
    () => nested(dice),
    () => Buffer.from(body.toString(), 'utf16le'),
    () => gzipSync(body),
    () => Buffer.concat([Buffer.from('\u{feff}'), body]),
    () => Buffer.alloc(dice.int(1_200_000), 'a'),
  ])()
}

function mutateHeaders(dice: Dice, headers: PlainRequest['headers']): PlainRequest['headers'] {
  const [name] = dice.pick(headers)
  return dice.pick([
    () => [...headers, dice.pick(nastyHeaders)],
    () => [...headers, dice.pick(nastyHeaders), dice.pick(nastyHeaders)],
    () => headers.filter(([other]) => other !== name),
    () => headers.map(([other, value]) => [other, other === name ? dice.pick(nastyStrings) : value] as const),
    () => [...headers, ...Array.from({ length: dice.int(3_000) }, (_, i) => [`x-${i}`, 'y'] as const)],
  ])()
}

function framed(dice: Dice, headers: PlainRequest['headers'], body: Buffer) {
  if (body.length > 0 && dice.int(8) === 0) {
    const size = dice.int(2) === 0 ? body.length.toString(16) : dice.pick(chunkSizes)
    const chunks = [Buffer.from(`${size}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]
    return { headers: [...headers, ['transfer-encoding', 'chunked'] as const], body: Buffer.concat(chunks) }
  }
  const length = dice.int(10) === 0 ? body.length + dice.int(9) - 4 : body.length
  return { headers: length === 0 ? headers : [...headers, ['content-length', String(length)] as const], body }
}

function assemble(dice: Dice, request: PlainRequest): Buffer {
  const method = dice.int(20) === 0 ? dice.pick(methods) : request.method
  const target = dice.int(20) === 0 ? dice.pick([...targets, ...nastyStrings]) : request.target
  const version = dice.int(20) === 0 ? dice.pick(versions) : 'HTTP/1.1'
  const last = dice.int(4) > 0 ? [...request.headers, ['connection', 'close'] as const] : request.headers
  const { headers, body } = framed(dice, last, request.body)
  const lines = [`${method} ${target} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body])
}

/** The bytes of one or a few requests, most of them wrong in one or several ways. */
export function abusiveBytes(dice: Dice, requests: readonly PlainRequest[]): Buffer {
  const count = dice.int(8) === 0 ? 2 + dice.int(3) : 1
  const parts = Array.from({ length: count }, () => {
    const plain = dice.pick(requests)
    const body = dice.int(2) === 0 ? mutateBody(dice, plain) : plain.body
    const headers = dice.int(3) === 0 ? mutateHeaders(dice, plain.headers) : plain.headers
    const bytes = assemble(dice, { ...plain, headers, body })
    return dice.int(6) === 0 ? mutateBytes(dice, bytes) : bytes
  })
  return Buffer.concat(parts)
}
