import { once } from 'node:events'
import { styleText } from 'node:util'
import { redact } from '../config/redaction.ts'
import { printable } from '../platform/printable.ts'
import type { CliContext, CommandOptions, Output } from './context.ts'

/** The colours of `paint`, and what clears the rest of a line. */
const own = new RegExp(`(${String.fromCharCode(0x1b)}\\[(?:(?:[1-4]|2[2-4]|3[0-79]|9[0-7])?m|K))`)

/** The line with nothing in it that a terminal obeys but our own colours and the clearing of a line. */
export function safeLine(line: string): string {
  return line
    .split(own)
    .map((part, index) => (index % 2 === 1 ? part : part.split('\t').map(printable).join('\t')))
    .join('')
}

/** Writes the lines and waits while the reader is behind, so that memory stays bounded. */
export async function writeLines(stream: Output, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return
  if (!stream.write(`${lines.map(safeLine).join('\n')}\n`)) await once(stream, 'drain')
}

export function writeJson(stream: Output, value: unknown): Promise<void> {
  return writeLines(stream, [JSON.stringify(value)])
}

/** The answer of a command: one JSON value with --json, else lines for people. */
export function writeAnswer(
  { stdout }: Pick<CliContext, 'stdout'>,
  { json }: CommandOptions,
  value: unknown,
  lines: () => readonly string[],
): Promise<void> {
  return json ? writeJson(stdout, value) : writeLines(stdout, lines())
}

export type Style = Parameters<typeof styleText>[0]

/** Colours text for a terminal; elsewhere, and under NO_COLOR, it stays plain. */
export function paint(stream: Output, style: Style, text: string): string {
  return stream.isTTY ? styleText(style, text, { stream }) : text
}

/** `1 text`, `2 texts`, `12,345 texts`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** The stream, but for secrets in what is written. */
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
