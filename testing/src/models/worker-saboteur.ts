/**
 * Loaded into a processor with `node --import`: SIGUSR2 makes one of its inference workers throw, the next one exit, the
 * next one hang, and so on. The product knows nothing of it.
 */
import { BroadcastChannel, isMainThread, threadId, Worker } from 'node:worker_threads'

/** A worker that was lost may have no successor yet. */
const retryMs = 100
const faults = ['throw', 'exit', 'hang'] as const

interface Order {
  readonly threadId: number
  readonly fault: (typeof faults)[number]
}

const channel = new BroadcastChannel('worker-saboteur')
channel.unref()

function obey({ fault }: Order): void {
  if (fault === 'exit') process.exit(3)
  if (fault === 'throw') throw new Error('sabotage')
  while (true) {
    // Spins until the thread is terminated.
  }
}

function commandWorkers(): void {
  let orders = 0
  const workers = new Set<Worker>()
  const { postMessage } = Worker.prototype
  // Whoever is given a batch is an inference worker.
  Worker.prototype.postMessage = function post(...args) {
    workers.add(this)
    return postMessage.apply(this, args)
  }
  const told = new Set<Worker>()
  function sabotage(): void {
    // One that was told before hears nothing any more, though it may still have to end.
    const victim = [...workers].find((worker) => worker.threadId > 0 && !told.has(worker))
    if (victim === undefined) {
      setTimeout(sabotage, retryMs)
      return
    }
    told.add(victim)
    const fault = faults[orders % faults.length] as Order['fault']
    orders += 1
    channel.postMessage({ threadId: victim.threadId, fault } satisfies Order)
  }
  process.on('SIGUSR2', sabotage)
}

if (isMainThread) commandWorkers()
else {
  channel.onmessage = (event) => {
    const order = (event as { data: Order }).data
    if (order.threadId === threadId) obey(order)
  }
}
