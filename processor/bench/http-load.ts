import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { load } from './http-requests.ts'

const bin = fileURLToPath(new URL('../bin/valence.js', import.meta.url))

/** `valence serve` as a process of its own. */
async function serve(environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [bin, 'serve'], {
    env: {
      ...process.env,
      VALENCE_AUTH_MODE: 'none',
      VALENCE_HTTP_PORT: '0',
      VALENCE_ADMIN_PORT: '0',
      VALENCE_LOG_LEVEL: 'info',
      VALENCE_HTTP_RATE_LIMIT_TEXTS: '0',
      VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines = createInterface(child.stderr)
  const ports = await new Promise<{ port: number; adminPort: number }>((resolve, reject) => {
    lines.on('line', (line) => line.includes('"facade started"') && resolve(JSON.parse(line)))
    child.once('exit', (code) => reject(new Error(`valence serve ended with ${code}`)))
  })
  const metric = async (name: string) => {
    const text = await (await fetch(`http://127.0.0.1:${ports.adminPort}/metrics`)).text()
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  }
  const stop = async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  return { url: `http://127.0.0.1:${ports.port}`, metric, stop }
}

async function main(seconds: number): Promise<void> {
  const server = await serve()
  try {
    await load(server.url, { connections: 2, seconds: 3 })
    const idle = await load(server.url, { connections: 1, seconds: Math.max(10, seconds / 3), rate: 20 })
    print('idle, 20 requests a second', idle)
    const closed = await load(server.url, { connections: 8, seconds: 10 })
    print('8 connections, closed loop', closed)
    const capacity = (closed.statuses[200]?.count ?? 0) / 10
    const memory: number[] = []
    const weigh = async () => memory.push(Math.round((await server.metric('process_resident_memory_bytes')) / 2 ** 20))
    await weigh()
    const weighing = setInterval(weigh, (seconds / 6) * 1_000)
    const flood = await load(server.url, { connections: 200, seconds, rate: Math.round(capacity * 5) })
    clearInterval(weighing)
    await weigh()
    print(`5 times capacity (${Math.round(capacity * 5)} a second), ${seconds} s`, flood)
    print('resident memory before, every sixth of it, after', { MiB: memory })
    print('right after it, 20 requests a second', await load(server.url, { connections: 1, seconds: 2, rate: 20 }))
  } finally {
    await server.stop()
  }
}

function print(what: string, result: object): void {
  process.stdout.write(`${JSON.stringify({ what, ...result })}\n`)
}

await main(Number(process.argv[2] ?? 60))
