import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parse } from 'yaml'
import { findFreePorts } from '../../local/free-port.ts'
import { readRepositoryFile } from './repository.ts'
import { ruleFiles } from './rule-files.ts'

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [time: number, value: string]
}

interface RuleState {
  readonly name: string
  readonly type: 'alerting' | 'recording'
  readonly health: 'ok' | 'unknown' | 'err'
  readonly state?: 'inactive' | 'pending' | 'firing'
  readonly lastError?: string
}

/** The rules of the repository, looked at every second: their own intervals would outlast a test. */
async function writeRules(folder: string): Promise<void> {
  await mkdir(folder)
  await Promise.all(
    ruleFiles.map((path, index) => {
      const { groups } = parse(readRepositoryFile(path)) as { groups: { interval?: string }[] }
      const hurried = groups.map(({ interval, ...group }) => group)
      return writeFile(join(folder, `${index}.yml`), JSON.stringify({ groups: hurried }))
    }),
  )
}

/** A Prometheus as a local process that scrapes every second. */
export class PrometheusProcess implements AsyncDisposable {
  readonly #url: string
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #ended: Promise<unknown>

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.#url = url
    this.#child = child
    this.#folder = folder
    this.#ended = once(child, 'exit')
  }

  /** @param targets host and port by the name of the job */
  static async start(targets: Readonly<Record<string, string>>): Promise<PrometheusProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'valence prometheus-'))
    await writeRules(join(folder, 'rules'))
    const configuration = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['rules/*.yml'],
      scrape_configs: Object.entries(targets).map(([job, target]) => ({
        job_name: job,
        static_configs: [{ targets: [target] }],
      })),
    }
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configuration))
    const [port = 0] = await findFreePorts(1)
    const address = `127.0.0.1:${port}`
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--enable-feature=exemplar-storage',
      ],
      { stdio: 'ignore' },
    )
    const prometheus = new PrometheusProcess(`http://${address}`, child, folder)
    await prometheus.#ready()
    return prometheus
  }

  async query(expression: string): Promise<Sample[]> {
    const { result } = (await this.#ask(`query?${new URLSearchParams({ query: expression })}`)) as { result: Sample[] }
    return result
  }

  async rules(): Promise<RuleState[]> {
    const { groups } = (await this.#ask('rules')) as { groups: { rules: RuleState[] }[] }
    return groups.flatMap(({ rules }) => rules)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#ended
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #ask(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}`)
    const answer = (await response.json()) as { status: string; data: unknown; error?: string }
    if (answer.status !== 'success') throw new Error(`Prometheus: ${answer.error}`)
    return answer.data
  }

  async #ready(): Promise<void> {
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error(`prometheus ended with ${this.#child.exitCode}`)
      const response = await fetch(`${this.#url}/-/ready`).catch(() => undefined)
      if (response?.ok) return
      await delay(100)
    }
  }
}
