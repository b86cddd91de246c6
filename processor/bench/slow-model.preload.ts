import { isMainThread, parentPort, workerData } from 'node:worker_threads'

// Loaded into a processor with --import: from SIGUSR2 on each text takes a quarter of a second, asleep, so that the
// other processes of the machine do not pay for it.
const textMs = 250
const channel = new BroadcastChannel('valence-bench-slow-model')
const labels = (workerData as { labels?: number } | null)?.labels
const pause = new Int32Array(new SharedArrayBuffer(4))
let isSlow = false

if (isMainThread) process.on('SIGUSR2', () => channel.postMessage('slow'))
else if (labels !== undefined && parentPort) {
  channel.onmessage = () => {
    isSlow = true
  }
  const { postMessage } = parentPort
  parentPort.postMessage = function post(this: typeof parentPort, message: { logits?: Float32Array }, ...rest) {
    if (isSlow && message.logits) Atomics.wait(pause, 0, 0, (textMs * message.logits.length) / labels)
    return postMessage.call(this, message, ...rest)
  }
}
;(channel as unknown as { unref(): void }).unref()
