import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Platform, Release, Scores } from './release.ts'

/** Runs a program to its end; rejects with its error output if it fails. */
export type Run = (command: string, args: readonly string[], input?: string) => Promise<string>

export interface KubernetesOptions {
  /** The Helm release, which has both colours, and its chart. */
  readonly release: string
  readonly chart: string
  readonly namespace: string
  /** Name prefix of the chart's resources: the release, or release and chart. */
  readonly fullName: string
  readonly live: string
  readonly candidate: string
  /** Additional arguments of `helm upgrade`: `--set colors.green.image.tag=1.3.0`, `--values file`. */
  readonly helmArgs: readonly string[]
  readonly adminPort: number
  readonly run: Run
  /** Base URL of the API server through `kubectl proxy`. */
  readonly apiUrl: string
}

const rolloutTimeout = '15m'

/** Both colours are workloads of one Helm release of `deploy/helm/valence`; the service `…-facade` selects one. */
export class KubernetesPlatform implements Platform {
  readonly live: Release
  readonly #options: KubernetesOptions

  private constructor(options: KubernetesOptions, live: Release) {
    this.#options = options
    this.live = live
  }

  static async open(options: KubernetesOptions): Promise<KubernetesPlatform> {
    const platform = new KubernetesPlatform(options, { name: options.live, adminUrls: [] })
    return new KubernetesPlatform(options, await platform.#releaseOf(options.live))
  }

  async bringUp(): Promise<Release> {
    const { candidate } = this.#options
    await this.#helm('--set', `colors.${candidate}.enabled=true`, ...this.#options.helmArgs)
    for (const role of ['facade', 'processor'] as const) {
      await this.#kubectl('rollout', 'status', this.#workload(candidate, role), `--timeout=${rolloutTimeout}`)
    }
    return this.#releaseOf(candidate)
  }

  async score({ name }: Release, texts: readonly string[]): Promise<readonly Scores[]> {
    const lines = texts.map((text) => `${JSON.stringify({ text })}\n`).join('')
    const { namespace, run } = this.#options
    const program = ['valence', 'score', '--format', 'json']
    const args = ['--namespace', namespace, 'exec', '-i', this.#workload(name, 'facade'), '--', ...program]
    const output = await run('kubectl', args, lines)
    return output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).scores)
  }

  async switchTo({ name }: Release): Promise<void> {
    const patch = JSON.stringify({ spec: { selector: { color: name } } })
    await this.#kubectl('patch', 'service', `${this.#options.fullName}-facade`, '--type=merge', `--patch=${patch}`)
  }

  /** Also sets the live colour in Helm's values, or the next upgrade would switch back. */
  async drain({ name }: Release): Promise<void> {
    const other = name === this.#options.live ? this.#options.candidate : this.#options.live
    await this.#helm('--set', `live=${other},colors.${name}.enabled=false`, '--wait', `--timeout=${rolloutTimeout}`)
    const selector = `app.kubernetes.io/instance=${this.#options.release},color=${name}`
    await this.#kubectl('wait', '--for=delete', 'pod', `--selector=${selector}`, `--timeout=${rolloutTimeout}`)
  }

  /** Facades are a deployment; processors are a stateful set, because they need stable pod names. */
  #workload(color: string, role: 'facade' | 'processor'): string {
    const kind = role === 'facade' ? 'deployment' : 'statefulset'
    return `${kind}/${this.#options.fullName}-${color}-${role}`
  }

  async #releaseOf(color: string): Promise<Release> {
    const { release, namespace, adminPort, apiUrl } = this.#options
    const selector = `app.kubernetes.io/instance=${release},color=${color}`
    const names = await this.#kubectl('get', 'pods', `--selector=${selector}`, '--output=name')
    const pods = names.split('\n').filter((line) => line.startsWith('pod/'))
    const urlOf = (pod: string) => `${apiUrl}/api/v1/namespaces/${namespace}/pods/${pod}:${adminPort}/proxy`
    return { name: color, adminUrls: pods.map((pod) => urlOf(pod.slice('pod/'.length))) }
  }

  /** Uses new default values of the chart and keeps the values set for this release. */
  async #helm(...args: readonly string[]): Promise<void> {
    const { run, release, chart, namespace } = this.#options
    await run('helm', ['upgrade', release, chart, '--namespace', namespace, '--reset-then-reuse-values', ...args])
  }

  #kubectl(...args: readonly string[]): Promise<string> {
    return this.#options.run('kubectl', ['--namespace', this.#options.namespace, ...args])
  }
}

export const runProgram: Run = async (command, args, input) => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const [output, errors] = [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray())
  child.stdin.on('error', () => undefined).end(input)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${(await errors)?.join('')}`)
  return (await output)?.join('') ?? ''
}

/** The API server on a local port, while the child process runs. */
export async function startProxy(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn('kubectl', ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(child.stdout)) {
    const [, address] = /Starting to serve on (\S+)/.exec(line) ?? []
    if (address) return { child, url: `http://${address}` }
  }
  throw new Error('kubectl proxy ended before it served')
}
