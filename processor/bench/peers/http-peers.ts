import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { choosePorts } from '@valence/deploy/local/free-port'
import { ProcessorProcess } from '@valence/testing/processes/processor-process'
import { load } from '../http-requests.ts'
import type { PeerPlaces } from './contestants.ts'
import type { PeerCost } from './run-contestant.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const ticksPerSecond = 100

/** CPU seconds of a process as Linux counts them. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Fresh texts by so many connections in a closed loop, after a warm-up that does not count. */
async function underLoad(url: string, seconds: number, cpu: () => Promise<number>): Promise<PeerCost> {
  await load(url, { connections: 16, seconds: 2 })
  const before = await cpu()
  const { statuses } = await load(url, { connections: 16, seconds })
  const texts = statuses[200]?.count ?? 0
  return { texts, wallSeconds: seconds, cpuSeconds: (await cpu()) - before }
}

export async function runFacade(workers: number, seconds: number): Promise<PeerCost> {
  const facade = await new ProcessorProcess(
    {
      VALENCE_AUTH_MODE: 'none',
      VALENCE_HTTP_PORT: '0',
      VALENCE_INFERENCE_WORKERS: String(workers),
      VALENCE_HTTP_RATE_LIMIT_TEXTS: '0',
      VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0',
    },
    'serve',
  ).started()
  try {
    const cpu = () => facade.metric('process_cpu_seconds_total')
    return await underLoad(`http://127.0.0.1:${facade.port}`, seconds, cpu)
  } finally {
    await facade.stop()
  }
}

export async function runFastApi({ python, models, cores }: PeerPlaces, seconds: number): Promise<PeerCost> {
  const [port] = await choosePorts('FastAPI', 1, undefined)
  const args = [here('fastapi_app.py'), 'onnxruntime-sorted', models, String(cores), String(port)]
  const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  try {
    await Promise.race([
      once(createInterface(child.stdout), 'line'),
      exited.then(() => Promise.reject(new Error('FastAPI did not start'))),
    ])
    return await underLoad(`http://127.0.0.1:${port}`, seconds, async () => cpuSecondsOf(child.pid as number))
  } finally {
    child.kill('SIGTERM')
    await exited
  }
}
