import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findFreePorts } from '@valence/deploy/local/free-port'

const rules = fileURLToPath(new URL('../../../deploy/prometheus/rules/*.yml', import.meta.url))
/** As in deploy/prometheus/prometheus.yml. */
const intervalSeconds = 15
const startMs = 30_000

type AlertState = 'pending' | 'firing'

interface Alerts {
  readonly data: { readonly alerts: readonly { labels: { alertname: string }; state: AlertState }[] }
}

/** A real Prometheus with the rules of this repository. */
export interface Prometheus {
  /** The names of the alerts in one of these states. */
  alerts(...states: readonly AlertState[]): Promise<ReadonlySet<string>>
  stop(): Promise<void>
}

/** Debian: `apt-get install prometheus`. @param targets by job, the admin ports to scrape */
export async function startPrometheus(targets: Readonly<Record<string, readonly number[]>>): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'valence-prometheus-'))
  const [port] = await findFreePorts(1)
  const config = {
    global: { scrape_interval: `${intervalSeconds}s`, evaluation_interval: `${intervalSeconds}s` },
    rule_files: [rules],
    scrape_configs: Object.entries(targets).map(([job, ports]) => ({
      job_name: job,
      static_configs: [{ targets: ports.map((own) => `127.0.0.1:${own}`) }],
    })),
  }
  // JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const exited = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  const deadline = performance.now() + startMs
  while (!(await isReady(url))) {
    if (performance.now() > deadline || child.exitCode !== null) throw new Error('Prometheus did not start')
    await sleep(200)
  }
  return {
    async alerts(...states) {
      const { data } = (await (await fetch(`${url}/api/v1/alerts`)).json()) as Alerts
      return new Set(data.alerts.filter(({ state }) => states.includes(state)).map(({ labels }) => labels.alertname))
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
}
