/**
 * Holds a stack that was left running: started by `cli.ts up`, which leaves once the stack answers. Ends when it is told
 * to (SIGTERM), when `cli.ts up` is broken off before, or when its record is gone: a removed clone leaves no stack behind.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { LocalStack } from './local-stack.ts'
import { startLocalStack } from './stack.ts'
import { StackFile } from './stack-file.ts'
import { readStackRequest } from './stack-request.ts'

export type HolderReport =
  | { readonly type: 'progress'; readonly line: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }

const recordCheckMs = 2000

const file = new StackFile(process.argv[2])
const { promise: toldToEnd, resolve: tellToEnd } = Promise.withResolvers<void>()
process.once('SIGTERM', tellToEnd)
process.once('disconnect', tellToEnd)

function report(message: HolderReport): void {
  if (process.connected) process.send?.(message, () => {})
}

/** Resolves once the record names another process, or nothing does. */
async function recordGone(): Promise<void> {
  while ((await file.read().catch(() => undefined))?.pid === process.pid) {
    await delay(recordCheckMs)
  }
}

async function hold(stack: LocalStack): Promise<void> {
  process.off('disconnect', tellToEnd)
  await file.write({ pid: process.pid, provider: stack.provider, environment: stack.environment })
  report({ type: 'ready' })
  await Promise.race([toldToEnd, recordGone()])
}

try {
  const request = readStackRequest(process.env)
  const starting = startLocalStack({ ...request, onProgress: (line) => report({ type: 'progress', line }) })
  const stack = await Promise.race([starting, toldToEnd])
  if (stack !== undefined) {
    await hold(stack)
    await stack.stop()
  }
  process.exit(0)
} catch (error) {
  // What else was starting may still wait for a lock; nobody waits for it any more.
  const failed: HolderReport = { type: 'failed', message: error instanceof Error ? error.message : String(error) }
  if (process.connected) process.send?.(failed, () => process.exit(1))
  else process.exit(1)
}
