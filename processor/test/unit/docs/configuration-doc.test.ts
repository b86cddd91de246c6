import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type Setting, settings } from '../../../src/config/settings.ts'
import { markdownTable } from '../../support/markdown-table.ts'

const path = fileURLToPath(new URL('../../../../docs/configuration.md', import.meta.url))

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

const introduction = `# Configuration

Valence is configured by environment variables, and by nothing else. Every setting has a default or may stay unset; an
empty value counts as unset. All commands read the same settings.

- A wrong configuration ends the command with exit code 2 and lists **every** problem at once. A name that begins with
  \`VALENCE_\` and is not in this page is a problem too, told with the nearest known name.
- \`valence doctor\` says what is wrong with what the settings point at, and what to do about it.
- A service logs its whole configuration in its first line. Passwords in URLs and the settings marked _secret_ are masked.
- Durations are in milliseconds (\`…_MS\`), sizes in bytes (\`…_BYTES\`). Lists are separated by commas.
- \`OTEL_*\` is read as OpenTelemetry defines it; \`NO_COLOR\` switches the colours of the command line off.

\`make stack-up\` starts Kafka, a schema registry and Redis on this machine and writes the settings that reach them to
\`.stack/env\`:

\`\`\`sh
make stack-up
set -a; . .stack/env; set +a
npx valence doctor
\`\`\`
`

const footer =
  '<!-- Written from processor/src/config/settings.ts: npx vitest run --project unit configuration-doc -u -->\n'

function shortName(name: string): string {
  return name.replace(/^VALENCE_/, '')
}

function sectionOf(name: string): string {
  const found = sections.find(([, beginnings]) => beginnings.some((beginning) => shortName(name).startsWith(beginning)))
  return found?.[0] ?? 'Other'
}

function shownDefault({ fallback, fallbackNote }: Setting): string {
  if (fallbackNote !== undefined) return fallbackNote
  return fallback === undefined ? '_unset_' : `\`${fallback}\``
}

function cells([name, setting]: readonly [string, Setting]): string[] {
  const doc = setting.doc.replaceAll('|', '\\|')
  return [`\`${name}\``, shownDefault(setting), `${doc}${setting.secret ? ' (_secret_)' : ''}`]
}

function page(): string {
  const entries: (readonly [string, Setting])[] = Object.entries(settings)
  const titles = [...sections.map(([title]) => title), 'Other']
  const tables = titles.flatMap((title) => {
    const rows = entries.filter(([name]) => sectionOf(name) === title).map(cells)
    return rows.length === 0 ? [] : [`## ${title}\n\n${markdownTable(['Setting', 'Default', 'What it does'], rows)}\n`]
  })
  return [introduction, ...tables, footer].join('\n')
}

describe('docs/configuration.md', () => {
  it('says of every setting what the code says, and of no other (update it with -u)', async () => {
    await expect(page()).toMatchFileSnapshot(path)
  })

  it('has a sentence for every setting', () => {
    const silent = Object.entries(settings).filter(([, { doc }]) => !/^[A-Z`].{8,}/.test(doc))
    expect(silent.map(([name]) => name)).toEqual([])
  })
})
