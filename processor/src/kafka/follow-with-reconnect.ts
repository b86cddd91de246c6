import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicTail } from './topic-tail.ts'

const firstDelayMs = 500
const maxDelayMs = 5_000

export interface FollowOptions {
  readonly signal: AbortSignal
  readonly onConnected: () => void
  /** Called when a connection, or an attempt at one, ended; without an error after an abort. */
  readonly onEnded: (lost?: { readonly error: unknown; readonly delayMs: number }) => void
}

/** Follows a topic and reconnects with growing pauses, without limit. Resolves once the signal aborts. */
export async function followWithReconnect(
  tail: Pick<TopicTail, 'follow'>,
  { signal, onConnected, onEnded }: FollowOptions,
): Promise<void> {
  for (let delayMs = firstDelayMs; !signal.aborted; delayMs = Math.min(2 * delayMs, maxDelayMs)) {
    let isConnected = false
    try {
      await tail.follow(signal, () => {
        isConnected = true
        onConnected()
      })
      onEnded()
    } catch (error) {
      onEnded({ error, delayMs })
    }
    if (isConnected) delayMs = firstDelayMs
    await sleep(delayMs, undefined, { signal }).catch(() => undefined)
  }
}
