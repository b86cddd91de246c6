import { once } from 'node:events'
import { styleText } from 'node:util'
import type { Output } from './cli-context.ts'

/** Writes the lines and waits while the reader is behind, so that memory stays bounded. */
export async function writeLines(stream: Output, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return
  if (!stream.write(`${lines.join('\n')}\n`)) await once(stream, 'drain')
}

export function writeJson(stream: Output, value: unknown): Promise<void> {
  return writeLines(stream, [JSON.stringify(value)])
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
