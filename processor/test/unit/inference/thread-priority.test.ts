import { once } from 'node:events'
import { getPriority, platform } from 'node:os'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'

const url = new URL('../../../src/inference/thread-priority.ts', import.meta.url)

/** The priority that a thread has after it gave way. */
async function priorityAfter(): Promise<number> {
  const code = `
    const { getPriority } = require('node:os')
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.url).then(({ giveWay }) => {
      giveWay()
      parentPort.postMessage(getPriority())
    })`
  const worker = new Worker(code, { eval: true, workerData: { url: url.href } })
  const [priority] = await once(worker, 'message')
  await worker.terminate()
  return priority as number
}

// Elsewhere a priority belongs to the process, and is left alone.
it.skipIf(platform() !== 'linux')('a thread gives way alone', async () => {
  const own = getPriority()
  expect(await priorityAfter()).toBe(19)
  expect(getPriority()).toBe(own)
})
