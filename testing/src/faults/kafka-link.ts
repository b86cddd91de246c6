import type { Dice } from '../inputs/dice.ts'
import { createTcpProxy, type LinkCondition, type TcpProxy } from '../kafka/tcp-proxy.ts'
import {
  createKafkaConversation,
  type ForgedAnswer,
  type KafkaApi,
  kafkaApis,
  type RequestFate,
} from './kafka-conversation.ts'

interface Ambush {
  readonly api: number
  readonly fate: RequestFate | ForgedAnswer
  readonly sprung: () => void
}

/** The network between one client and every broker: a proxy of its own in front of each. */
export class KafkaLink {
  /** The bootstrap addresses that lead through the proxies. */
  readonly brokers: string
  readonly #proxies: readonly TcpProxy[]
  readonly #ambushes: Ambush[]

  private constructor(proxies: readonly TcpProxy[], ambushes: Ambush[]) {
    this.#proxies = proxies
    this.#ambushes = ambushes
    this.brokers = proxies.map(({ port }) => `127.0.0.1:${port}`).join(',')
  }

  static async to(brokers: readonly string[], random: () => number): Promise<KafkaLink> {
    const ambushes: Ambush[] = []
    const ports = new Map<number, number>()
    function fateOf({ api }: { readonly api: number }): RequestFate | ForgedAnswer | undefined {
      const index = ambushes.findIndex((own) => own.api === api)
      const [ambush] = index < 0 ? [] : ambushes.splice(index, 1)
      ambush?.sprung()
      return ambush?.fate
    }
    const portFor = (brokerPort: number) => ports.get(brokerPort) ?? brokerPort
    const converse = () => createKafkaConversation({ fateOf, portFor })
    const proxies = await Promise.all(
      brokers.map(async (address) => {
        const [host = '', port = ''] = address.split(':')
        const proxy = await createTcpProxy({ host, port: Number(port), converse, random })
        ports.set(Number(port), proxy.port)
        return proxy
      }),
    )
    return new KafkaLink(proxies, ambushes)
  }

  /** One broker's way, or all of them. */
  each(change: (proxy: TcpProxy) => void, broker?: number): void {
    for (const proxy of broker === undefined ? this.#proxies : this.#proxies.slice(broker, broker + 1)) change(proxy)
  }

  set(condition: Partial<LinkCondition>, broker?: number): void {
    this.each((proxy) => proxy.set(condition), broker)
  }

  resume(): void {
    this.each((proxy) => proxy.resume())
  }

  anyBroker(dice: Dice): number {
    return dice.int(this.#proxies.length)
  }

  /** The next request of this kind meets that fate; resolves when it did, true, or when time is up, false. */
  async ambush(api: KafkaApi, fate: RequestFate | ForgedAnswer, withinMs = 15_000): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const ambush = { api: kafkaApis[api], fate, sprung: () => resolve(true) }
    this.#ambushes.push(ambush)
    const timer = setTimeout(() => {
      const index = this.#ambushes.indexOf(ambush)
      if (index >= 0) this.#ambushes.splice(index, 1)
      resolve(false)
    }, withinMs)
    const sprung = await promise
    clearTimeout(timer)
    return sprung
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()))
  }
}
