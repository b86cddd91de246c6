interface RequestQueue {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
}

export interface RequestQueueClass {
  readonly prototype: RequestQueue & { scheduleCheckPendingRequests(): void }
}

/** kafkajs's own least delay (`CHECK_PENDING_REQUESTS_INTERVAL`). */
const recheckMs = 10

/**
 * Hunk I. Stock kafkajs looks at an empty queue again after a delay that is already in the past, for ever: about a
 * thousand wake-ups a second for each connection. A queue needs a timer only while something waits in it; a request
 * that is pushed, answered or timed out looks at the queue by itself.
 */
export function stopIdleTimer(queueClass: RequestQueueClass): void {
  queueClass.prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(this: RequestQueue) {
    if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return
    const delayMs = Math.max(this.throttledUntil - Date.now(), recheckMs)
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null
      this.checkPendingRequests()
    }, delayMs)
  }
}
