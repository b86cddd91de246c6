import { parseLines, probeCli, runValence } from '@valence/testing/processes/cli-run'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runCli } from '../../../../src/cli/cli.ts'
import { type AdminServer, startAdminServer } from '../../../../src/observability/admin-server.ts'
import { Health } from '../../../../src/observability/health.ts'
import { silentLogger } from '../../../../src/observability/logger.ts'
import { createMetrics, type Metrics } from '../../../../src/observability/metrics.ts'

let metrics: Metrics
let admin: AdminServer
// Nothing listens there: what can be said without a broker is said.
const environment = { VALENCE_KAFKA_BROKERS: '127.0.0.1:9', VALENCE_ADMIN_PORT: '0' }

beforeEach(async () => {
  metrics = createMetrics()
  admin = await startAdminServer({ host: '127.0.0.1', port: 0, metrics, health: new Health(), logger: silentLogger })
})
afterEach(() => admin.close())

const args = () => ['top', '--interval-ms', '100', '--admin', `127.0.0.1:${admin.port}`]

interface Top {
  readonly group: { readonly error: { readonly code: string } | null; readonly lag: object | null }
  readonly processes: readonly { readonly error: string | null; readonly report: object | null }[]
}

describe('valence top without a broker', () => {
  it('says so, shows what the processes say, and fails', async () => {
    metrics.pipeline.deadLetters.inc({ code: 'VAL_TEXT_EMPTY' }, 2)
    const { code, stdout } = await runValence([...args(), '--once'], { environment })
    expect(code).toBe(1)
    expect(stdout).toContain('VAL_KAFKA_UNREACHABLE')
    expect(stdout).toContain('dead letters VAL_TEXT_EMPTY: none now, 2 since the start')
    expect(stdout).not.toContain('\u001b')
  })

  it('prints one object with --once --json', async () => {
    const { code, lines } = await runValence([...args(), '--once', '--json'], { environment })
    const [top] = parseLines<Top>(lines)
    expect([code, lines.length]).toEqual([1, 1])
    expect(top?.group).toMatchObject({ error: { code: 'VAL_KAFKA_UNREACHABLE' }, lag: null })
    expect(top?.processes).toMatchObject([{ error: null, report: { textsPerSecond: 0 } }])
  })

  it('prints an object an interval with --json, until it is told to stop', async () => {
    const probe = probeCli({ environment })
    const running = runCli([...args(), '--json'], probe.context)
    await vi.waitFor(() => expect(probe.stdout.lines.length).toBeGreaterThan(2))
    probe.stop()
    expect(await running).toBe(0)
    expect(parseLines<Top>(probe.stdout.lines).at(-1)?.processes[0]?.report).not.toBeNull()
  })

  it('takes the whole terminal, draws anew when its size changes, and gives it back', async () => {
    const probe = probeCli({ environment, terminal: true })
    const running = runCli([...args().toSpliced(2, 1, '60000')], probe.context)
    await vi.waitFor(() => expect(probe.stdout.text).toContain('group valence'))
    const before = probe.stdout.text.length
    probe.stdout.emit('resize')
    await vi.waitFor(() => expect(probe.stdout.text.slice(before)).toContain('\u001b[H'))
    probe.stop()
    expect(probe.stdout.text.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
    expect(await running).toBe(0)
    expect(probe.stdout.listenerCount('resize')).toBe(0)
  })

  it('sends a dumb terminal no escape codes', async () => {
    const probe = probeCli({ environment: { ...environment, TERM: 'dumb', NO_COLOR: '1' }, terminal: true })
    await runCli(args(), probe.context)
    expect(probe.stdout.text).not.toContain('\u001b[?')
  })

  it('names an admin port that does not answer', async () => {
    const port = admin.port
    await admin.close()
    const options = ['top', '--once', '--interval-ms', '100', '--admin', `http://127.0.0.1:${port}`]
    const { stdout } = await runValence(options, { environment })
    expect(stdout).toContain(`127.0.0.1:${port}: ECONNREFUSED`)
  })

  it.each(['ftp://a', '', 'a,,b', 'http://'])('%j is no admin port', async (addresses) => {
    const { code, stderr } = await runValence(['top', '--admin', addresses], { environment })
    expect(code).toBe(2)
    expect(stderr).toContain('--admin must be')
  })
})
