import { readFileSync } from 'node:fs'

/** The distinct texts of a JSONL file with a `text` field, at most `limit`. */
export function readTexts(path: string, limit = Number.POSITIVE_INFINITY): string[] {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const texts = new Set(lines.map((line) => (JSON.parse(line) as { text: string }).text))
  return [...texts].slice(0, limit)
}
