import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { isTracingConfigured, startTracing } from '../../../src/observability/tracing.ts'

const source = fileURLToPath(new URL('../../../src/', import.meta.url))

describe('tracing', () => {
  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
    [{ OTEL_TRACES_EXPORTER: 'console' }, true],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
    [{ OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    [{ OTEL_SERVICE_NAME: 'valence' }, false],
  ])('is on where OpenTelemetry is told where to send: %o', (environment, expected) => {
    expect(isTracingConfigured(environment)).toBe(expected)
  })

  it('is undefined if it is off', async () => {
    expect(await startTracing({})).toBeUndefined()
  })
})

/** Files and packages that a module imports statically, transitively; dynamic imports are not followed. */
function loadedBy(path: string, known = new Set<string>()): Set<string> {
  if (known.has(path)) return known
  known.add(path)
  if (!path.endsWith('.ts')) return known
  const text = readFileSync(path, 'utf8').replace(/import type [\s\S]*?from '[^']+'/g, '')
  for (const [, target = ''] of text.matchAll(/(?:^|\n)(?:import|export)[^;'()]*?from '([^']+)'/g)) {
    loadedBy(target.startsWith('.') ? join(dirname(path), target) : target, known)
  }
  return known
}

describe('what a command loads', () => {
  it.each(['main.ts', 'cli/commands/score.ts'])('%s does not load OpenTelemetry', (name) => {
    const loaded = [...loadedBy(join(source, name))]
    expect(loaded.length).toBeGreaterThan(3)
    expect(loaded.filter((own) => own.startsWith('@opentelemetry'))).toEqual([])
  })

  it('a service loads the API of OpenTelemetry but not the SDK, until tracing is configured', () => {
    const loaded = [...loadedBy(join(source, 'cli/commands/process.ts'))].filter((own) =>
      own.startsWith('@opentelemetry'),
    )
    expect(loaded).toEqual(['@opentelemetry/api'])
  })
})
