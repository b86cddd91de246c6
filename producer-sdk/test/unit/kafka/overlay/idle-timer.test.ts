import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type RequestQueueClass, stopIdleTimer } from '../../../../src/kafka/overlay/idle-timer.ts'
import { silentLogger, stockModule } from '../../../support/stock-kafkajs.ts'

interface Request {
  readonly entry: { readonly correlationId: number; resolve(): void; reject(): void }
  readonly expectResponse: boolean
  readonly sendRequest: () => void
}

interface Queue {
  push(request: Request): void
  fulfillRequest(response: { correlationId: number; payload: Buffer; size: number }): void
  maybeThrottle(ms: number): void
  scheduleRequestTimeoutCheck(): void
  destroy(): void
}

type QueueClass = new (options: object) => Queue

const Stock = stockModule<QueueClass>('network/requestQueue/index.js')
class Patched extends Stock {}
stopIdleTimer(Patched as unknown as RequestQueueClass)

let sent: number[] = []

function createQueue(queueClass: QueueClass, maxInFlightRequests: number | null = null): Queue {
  const options = {
    requestTimeout: 30_000,
    enforceRequestTimeout: false,
    clientId: 'c',
    broker: 'b',
    logger: silentLogger,
  }
  return new queueClass({ ...options, maxInFlightRequests })
}

function request(correlationId: number): Request {
  const entry = { correlationId, resolve: () => {}, reject: () => {} }
  return { entry, expectResponse: true, sendRequest: () => sent.push(correlationId) }
}

function answer(queue: Queue, correlationId: number): void {
  queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 })
}

/** How often the queue woke up in a second without anything to do. */
function wakeUps(queueClass: QueueClass): number {
  const queue = createQueue(queueClass)
  queue.push(request(1))
  answer(queue, 1)
  let count = 0
  while (vi.getTimerCount() > 0 && count < 1_000) {
    vi.advanceTimersToNextTimer()
    count += 1
  }
  queue.destroy()
  return count
}

describe('stopIdleTimer', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    sent = []
  })
  afterEach(() => vi.useRealTimers())

  it('I: lets an idle queue sleep; stock kafkajs wakes up for ever', () => {
    expect(wakeUps(Stock)).toBe(1_000)
    expect(wakeUps(Patched)).toBe(0)
  })

  it('sends what waits when the throttle ends', () => {
    const queue = createQueue(Patched)
    queue.maybeThrottle(80)
    queue.push(request(1))
    vi.advanceTimersByTime(79)
    expect(sent).toEqual([])
    vi.advanceTimersByTime(11)
    expect(sent).toEqual([1])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('sends what waits when an answer makes room', () => {
    const queue = createQueue(Patched, 1)
    queue.push(request(1))
    queue.push(request(2))
    expect(sent).toEqual([1])
    answer(queue, 1)
    expect(sent).toEqual([1, 2])
    answer(queue, 2)
    vi.advanceTimersByTime(20)
    expect(vi.getTimerCount()).toBe(0)
  })
})
