import autocannon from 'autocannon'

const words = 'the new phone is really great but battery life was awful and support never called me back today'.split(
  ' ',
)
let counter = 0

/** A text of tweet length that no cache has seen. */
export function freshText(): string {
  counter++
  const at = (step: number) => words[(counter * step) % words.length]
  return `${at(3)} ${at(5)} ${at(7)} ${words.slice(counter % 7, 10 + (counter % 9)).join(' ')} ${counter}`
}

export interface LoadResult {
  readonly statuses: Readonly<Record<string, { count: number; p50: number; p99: number; max: number }>>
  readonly errors: number
  readonly requestsPerSecond: number
}

function quantile(sorted: readonly number[], q: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN) * 10) / 10
}

/** Requests with a fresh text each, by connections in a closed loop or at an overall rate. */
export function load(
  url: string,
  options: { connections: number; seconds: number; rate?: number },
): Promise<LoadResult> {
  const times = new Map<number, number[]>()
  return new Promise((resolve, reject) => {
    const run = autocannon(
      {
        url: `${url}/v1/score`,
        method: 'POST',
        connections: options.connections,
        duration: options.seconds,
        timeout: 10,
        ...(options.rate === undefined ? {} : { overallRate: options.rate }),
        requests: [
          {
            headers: { 'content-type': 'application/json' },
            setupRequest: (request) => ({ ...request, body: JSON.stringify({ text: freshText() }) }),
          },
        ],
      },
      (error, result) => {
        if (error) return reject(error)
        const statuses = [...times].map(([status, all]) => {
          const sorted = all.sort((a, b) => a - b)
          const facts = { count: all.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
          return [status, { ...facts, max: quantile(sorted, 1) }] as const
        })
        const { errors, requests } = result
        resolve({ statuses: Object.fromEntries(statuses), errors, requestsPerSecond: requests.average })
      },
    )
    run.on('response', (_client, status, _bytes, ms) => {
      const all = times.get(status) ?? []
      all.push(ms)
      times.set(status, all)
    })
  })
}
