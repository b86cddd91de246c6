import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePorts } from '@valence/deploy/local/free-port'
import { endWithWorker } from '../processes/end-with-worker.ts'
import type { OtlpReceiver } from './otlp-receiver.ts'

/**
 * A collector of OpenTelemetry's own, between Valence and a receiver: it takes protobuf, as most of them are sent, and
 * passes on JSON.
 */
export async function startCollector(binary: string, receiver: OtlpReceiver) {
  const folder = await mkdtemp(join(tmpdir(), 'valence-otelcol-'))
  const [port] = await findFreePorts(1)
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: {
      otlphttp: {
        endpoint: receiver.environment.OTEL_EXPORTER_OTLP_ENDPOINT,
        encoding: 'json',
        compression: 'none',
      },
    },
    service: {
      pipelines: { traces: { receivers: ['otlp'], exporters: ['otlphttp'] } },
      telemetry: { metrics: { level: 'none' } },
    },
  }
  const file = join(folder, 'config.yaml')
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config))
  const child = spawn(binary, ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  endWithWorker(child)
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      output += chunk
      if (output.includes('Everything is ready')) resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the collector ended (${code}):\n${output}`)))
  })
  return {
    environment: {
      ...receiver.environment,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    },
    /** Passes on what it has, and ends. */
    async stop(): Promise<void> {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
