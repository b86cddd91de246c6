import { join } from 'node:path'
import { type Service, type Settings, startService } from '../rehearsal/service.ts'
import type { Platform, Release, Scores } from './release.ts'
import type { TcpSwitch } from './tcp-switch.ts'

interface LocalRelease extends Release {
  readonly facade: Service
  readonly services: readonly Service[]
}

/** Settings of every process of a release; `name` makes its group members unique. */
export async function startRelease(name: string, settings: Settings, folder: string): Promise<LocalRelease> {
  const log = (part: string) => join(folder, `${name}-${part}.log`)
  const seat = { VALENCE_KAFKA_INSTANCE_ID: `${name}-processor-0` }
  const [facade, processor] = await Promise.all([
    startService('serve', { ...settings, VALENCE_AUTH_MODE: 'none' }, log('facade')),
    startService('process', { ...settings, ...seat }, log('processor')),
  ])
  const services = [facade, processor]
  const adminUrls = services.map(({ adminPort }) => `http://127.0.0.1:${adminPort}`)
  return { name, adminUrls, facade, services }
}

/** Runs releases as local processes behind a TCP switch. */
export class LocalPlatform implements Platform {
  readonly live: LocalRelease
  readonly #facade: TcpSwitch
  readonly #start: () => Promise<LocalRelease>
  readonly #known = new Map<string, LocalRelease>()

  constructor(live: LocalRelease, facade: TcpSwitch, start: () => Promise<LocalRelease>) {
    this.live = live
    this.#facade = facade
    this.#start = start
    this.#known.set(live.name, live)
  }

  async bringUp(): Promise<Release> {
    const release = await this.#start()
    this.#known.set(release.name, release)
    return release
  }

  async score({ name }: Release, texts: readonly string[]): Promise<readonly Scores[]> {
    const { facade } = this.#of(name)
    const response = await fetch(`http://127.0.0.1:${facade.port}/v1/score/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'timeout-ms': '30000' },
      body: JSON.stringify({ texts: texts.map((text) => ({ text })) }),
    })
    const answer = (await response.json()) as { results?: readonly { event?: { scores: Scores } }[] }
    if (!response.ok) throw new Error(`the facade answers ${response.status}: ${JSON.stringify(answer)}`)
    return (answer.results ?? []).map(({ event }) => event?.scores ?? {})
  }

  async switchTo({ name }: Release): Promise<void> {
    this.#facade.pointTo(this.#of(name).facade.port)
  }

  async drain({ name }: Release): Promise<void> {
    const codes = await Promise.all(this.#of(name).services.map((service) => service.stop()))
    this.#known.delete(name)
    if (codes.some((code) => code !== 0)) throw new Error(`exit codes ${codes.join(', ')}`)
  }

  async close(): Promise<void> {
    for (const name of [...this.#known.keys()]) await this.drain({ name, adminUrls: [] }).catch(() => undefined)
  }

  #of(name: string): LocalRelease {
    const release = this.#known.get(name)
    if (release === undefined) throw new Error(`there is no release ${name}`)
    return release
  }
}
