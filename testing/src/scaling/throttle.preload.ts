import { isMainThread, parentPort, workerData } from 'node:worker_threads'

// Loaded into a processor with --import: each inference worker scores TEST_THROTTLE_TEXTS texts a second at most, asleep
// for the rest, so that two cores can show what several processors on machines of their own would do.
const textsPerSecond = Number(process.env.TEST_THROTTLE_TEXTS)
const labels = (workerData as { labels?: number } | null)?.labels
const pause = new Int32Array(new SharedArrayBuffer(4))

if (!isMainThread && labels !== undefined && parentPort && textsPerSecond > 0) {
  const { postMessage } = parentPort
  parentPort.postMessage = function post(this: typeof parentPort, message: { logits?: Float32Array }, ...rest) {
    if (message.logits) Atomics.wait(pause, 0, 0, (1_000 * message.logits.length) / labels / textsPerSecond)
    return postMessage.call(this, message, ...rest)
  }
}
