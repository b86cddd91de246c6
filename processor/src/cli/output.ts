import { once } from 'node:events'
import { styleText } from 'node:util'
import { redact } from '../config/redaction.ts'
import { printable } from '../platform/printable.ts'
import type { CliContext, CommandOptions, Output } from './context.ts'

/** The escape sequences Valence writes: colours of `paint`, and erase to end of line. */
const ownEscapes = new RegExp(`(${String.fromCharCode(0x1b)}\\[(?:(?:[1-4]|2[2-4]|3[0-79]|9[0-7])?m|K))`)

/** Escapes control characters, except tabs and `ownEscapes`, so that foreign text cannot control the terminal. */
export function safeLine(line: string): string {
  return line
    .split(ownEscapes)
    .map((part, index) => (index % 2 === 1 ? part : part.split('\t').map(printable).join('\t')))
    .join('')
}

/** Writes lines and waits for `drain` when the stream is full, which bounds memory. */
export async function writeLines(stream: Output, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return
  if (!stream.write(`${lines.map(safeLine).join('\n')}\n`)) await once(stream, 'drain')
}

export function writeJson(stream: Output, value: unknown): Promise<void> {
  return writeLines(stream, [JSON.stringify(value)])
}

/** Writes the result of a command: one JSON value with --json, else lines of text. */
export function writeAnswer(
  { stdout }: Pick<CliContext, 'stdout'>,
  { json }: CommandOptions,
  value: unknown,
  lines: () => readonly string[],
): Promise<void> {
  return json ? writeJson(stdout, value) : writeLines(stdout, lines())
}

export type Style = Parameters<typeof styleText>[0]

/** Colours text if the stream is a terminal and NO_COLOR is not set. */
export function paint(stream: Output, style: Style, text: string): string {
  return stream.isTTY ? styleText(style, text, { stream }) : text
}

/** `1 text`, `2 texts`, `12,345 texts`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** Wraps a stream: secrets in the written text are redacted. */
export function redactingStream(stream: Output): Output {
  return new Proxy(stream, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'write') return value.bind(target)
      return (chunk: unknown, ...rest: unknown[]) =>
        Reflect.apply(value, target, [typeof chunk === 'string' ? redact(chunk) : chunk, ...rest])
    },
  })
}
