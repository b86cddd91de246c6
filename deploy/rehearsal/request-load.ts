import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** Requests to a facade at a constant rate, each on a new connection, so that a load balancer chooses for each. */
export class RequestLoad {
  answered = 0
  /** Failed requests: error or status other than 200 → count. */
  readonly failures = new Map<string, number>()
  readonly #port: number
  readonly #requestsPerSecond: number
  readonly #pending = new Set<Promise<void>>()
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(port: number, requestsPerSecond: number) {
    this.#port = port
    this.#requestsPerSecond = requestsPerSecond
  }

  get failed(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0)
  }

  start(): this {
    this.#running = this.#run()
    return this
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    await Promise.all(this.#pending)
  }

  async #run(): Promise<void> {
    for (let sent = 0; !this.#stopped; sent += 1) {
      const asked = this.#ask(`What a lovely surprise, number ${sent}`).then(
        () => {
          this.answered += 1
        },
        ({ message }: Error) => void this.failures.set(message, (this.failures.get(message) ?? 0) + 1),
      )
      const settled = asked.finally(() => this.#pending.delete(settled))
      this.#pending.add(settled)
      await delay(1_000 / this.#requestsPerSecond)
    }
  }

  #ask(text: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const headers = { 'content-type': 'application/json' }
    const asked = request({
      host: '127.0.0.1',
      port: this.#port,
      path: '/v1/score',
      method: 'POST',
      agent: false,
      headers,
    })
    asked.on('error', reject)
    asked.on('response', (response) => {
      response.resume()
      response.on('error', reject)
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`))))
    })
    asked.end(JSON.stringify({ text }))
    return promise
  }
}
