import { markdownTable } from '@valence/testing/counting/markdown-table'
import type { Setting } from '../src/config/setting.ts'
import { settings } from '../src/config/settings.ts'

/** The sections of the page, in order, with the beginnings of the names that belong to each. */
const sections: readonly (readonly [title: string, beginnings: readonly string[]])[] = [
  ['Kafka', ['KAFKA_']],
  ['Topics and records', ['INPUT_', 'OUTPUT_', 'DEAD_LETTER_']],
  ['Schema registry', ['SCHEMA_REGISTRY_']],
  ['Model and inference', ['MODEL', 'INFERENCE_', 'BATCH_']],
  ['Caches', ['CACHE_', 'REDIS_']],
  ['HTTP facade', ['HTTP_', 'AUTH_', 'CORS_', 'RATE_LIMIT_']],
  ['Scaling', ['SCALING_']],
  ['Feedback', ['FEEDBACK_']],
  ['Process', ['ADMIN_', 'LOG_', 'SHUTDOWN_']],
  ['Bulk jobs', ['BULK_']],
]

function sectionOf(name: string): string {
  const short = name.replace(/^VALENCE_/, '')
  return sections.find(([, beginnings]) => beginnings.some((beginning) => short.startsWith(beginning)))?.[0] ?? 'Other'
}

function shownDefault({ fallback, fallbackNote }: Setting): string {
  if (fallbackNote !== undefined) return fallbackNote
  return fallback === undefined ? '_unset_' : `\`${fallback}\``
}

function cells([name, setting]: readonly [string, Setting]): string[] {
  const doc = setting.doc.replaceAll('|', '\\|')
  return [`\`${name}\``, shownDefault(setting), `${doc}${setting.secret ? ' (_secret_)' : ''}`]
}

/** The tables of docs/configuration.md: every setting, by section. */
export function settingsTables(): string {
  const entries: (readonly [string, Setting])[] = Object.entries(settings)
  const titles = [...sections.map(([title]) => title), 'Other']
  const tables = titles.flatMap((title) => {
    const rows = entries.filter(([name]) => sectionOf(name) === title).map(cells)
    return rows.length === 0 ? [] : [`## ${title}\n\n${markdownTable(['Setting', 'Default', 'What it does'], rows)}\n`]
  })
  return tables.join('\n')
}
