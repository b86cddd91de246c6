/**
 * Keeps a stack running after `cli.ts up`, which starts this process and exits when the stack answers. Ends on SIGTERM,
 * if `cli.ts up` is interrupted, or if its record is removed, so that a removed clone leaves no stack behind.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { LocalStack } from './local-stack.ts'
import { startLocalStack } from './stack.ts'
import { StackFile } from './stack-file.ts'
import { readStackRequest } from './stack-request.ts'

export type DaemonReport =
  | { readonly type: 'progress'; readonly line: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }

const recordCheckMs = 2000

const file = new StackFile(process.argv[2])
const { promise: toldToEnd, resolve: tellToEnd } = Promise.withResolvers<void>()
process.once('SIGTERM', tellToEnd)
process.once('disconnect', tellToEnd)

function report(message: DaemonReport): void {
  if (process.connected) process.send?.(message, () => {})
}

/** Resolves when the record is removed or names another process. */
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
  // Other parts may still be starting or waiting for a lock; exit without waiting for them.
  const failed: DaemonReport = { type: 'failed', message: error instanceof Error ? error.message : String(error) }
  if (process.connected) process.send?.(failed, () => process.exit(1))
  else process.exit(1)
}
