import { writeSync } from 'node:fs'
import { isMainThread, workerData } from 'node:worker_threads'

// Loaded into a process with --import: its inference threads take this long to read their graph, deaf to everything.
const readMs = 4_000

if (!isMainThread && (workerData as { labels?: number } | null)?.labels !== undefined) {
  writeSync(2, `${JSON.stringify({ msg: 'the graph is being read' })}\n`)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, readMs)
}
