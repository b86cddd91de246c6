import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { runFacade } from '@valence/testing/processes/facade-run'
import { describe, expect, it } from 'vitest'

const configuration = fileURLToPath(new URL('schemathesis.toml', import.meta.url))
const isInstalled = spawnSync('schemathesis', ['--version']).status === 0

describe.skipIf(!isInstalled)('schemathesis', () => {
  it('finds no answer that the OpenAPI document does not allow', { timeout: 300_000 }, async () => {
    await using run = await runFacade({ VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0', VALENCE_HTTP_RATE_LIMIT_TEXTS: '0' })
    const document = `${run.url}/openapi.json`
    const options = ['--checks', 'all', '--max-examples', '20', '--workers', '1', '--no-color']
    const child = spawn('schemathesis', ['--config-file', configuration, 'run', document, ...options])
    const output: Buffer[] = []
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.stderr.on('data', (chunk) => output.push(chunk))
    const [code] = await once(child, 'exit')
    expect(code, Buffer.concat(output).toString().slice(-8_000)).toBe(0)
  })
})
