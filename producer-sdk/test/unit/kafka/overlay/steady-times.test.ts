import { afterEach, describe, expect, it, vi } from 'vitest'
import { keepSteady, type TimedClass } from '../../../../src/kafka/overlay/steady-times.ts'
import { silentLogger, stockModule } from '../../../support/stock-kafkajs.ts'

interface Group {
  memberId: string | null
  coordinator: { heartbeat(): Promise<void> }
  heartbeat(options: { interval: number }): Promise<void>
}
interface SocketRequest {
  sentAt: number | null
  send(): void
}

const StockGroup = stockModule<new (options: object) => Group>('consumer/consumerGroup.js')
const StockRequest = stockModule<new (options: object) => SocketRequest>('network/requestQueue/socketRequest.js')
class SteadyGroup extends StockGroup {}
keepSteady(SteadyGroup as unknown as TimedClass, 'lastRequest')
interface OffsetManager {
  commitOffsetsIfNecessary(): Promise<void>
  resolveOffset(own: { topic: string; partition: number; offset: string }): void
}
const StockManager = stockModule<new (options: object) => OffsetManager>('consumer/offsetManager/index.js')
class SteadyManager extends StockManager {}
keepSteady(SteadyManager as unknown as TimedClass, 'lastCommit')
class SteadyRequest extends StockRequest {}
keepSteady(SteadyRequest as unknown as TimedClass, 'sentAt')

const hourMs = 3_600_000

function setClock(byMs: number): void {
  const now = Date.now.bind(Date)
  vi.spyOn(Date, 'now').mockImplementation(() => now() + byMs)
}

function member(GroupClass: typeof StockGroup) {
  const logger = { ...silentLogger, namespace: () => logger }
  const group = new GroupClass({
    logger,
    retry: {},
    cluster: {},
    topics: [],
    topicConfigurations: {},
    assigners: [],
    instrumentationEmitter: { emit: () => {} },
  })
  const heartbeat = vi.fn<() => Promise<void>>(async () => {})
  Object.assign(group, { memberId: 'm', coordinator: { heartbeat } })
  return { group, heartbeat }
}

afterEach(() => vi.restoreAllMocks())

describe('keepSteady', () => {
  it('beats on after the clock was set back, where stock kafkajs is silent until it has caught up', async () => {
    const stock = member(StockGroup)
    const own = member(SteadyGroup as unknown as typeof StockGroup)
    setClock(-hourMs)
    await stock.group.heartbeat({ interval: 0 })
    await own.group.heartbeat({ interval: 0 })
    expect(stock.heartbeat).not.toHaveBeenCalled()
    expect(own.heartbeat).toHaveBeenCalledOnce()
  })

  it('does not beat before the interval is over, although the clock was set forward', async () => {
    const { group, heartbeat } = member(SteadyGroup as unknown as typeof StockGroup)
    setClock(hourMs)
    await group.heartbeat({ interval: 60_000 })
    expect(heartbeat).not.toHaveBeenCalled()
  })

  it('commits on after the clock was set back, where stock kafkajs commits nothing until it has caught up', async () => {
    const commitsOf = async (ManagerClass: typeof StockManager) => {
      const offsetCommit = vi.fn<() => Promise<void>>(async () => {})
      const manager = new ManagerClass({
        cluster: { committedOffsets: () => ({ t: {} }) },
        coordinator: { isConnected: () => true, offsetCommit },
        memberAssignment: { t: [0] },
        instrumentationEmitter: { emit: () => {} },
        autoCommitInterval: 0,
      })
      manager.resolveOffset({ topic: 't', partition: 0, offset: '6' })
      setClock(-hourMs)
      await manager.commitOffsetsIfNecessary()
      vi.restoreAllMocks()
      return offsetCommit.mock.calls.length
    }
    expect(await commitsOf(StockManager)).toBe(0)
    expect(await commitsOf(SteadyManager as unknown as typeof StockManager)).toBe(1)
  })

  it.each([-hourMs, hourMs])('knows how long a request has waited when the clock is set by %i ms', (byMs) => {
    const request = new (SteadyRequest as unknown as typeof StockRequest)({
      entry: { correlationId: 1 },
      send: () => {},
    })
    expect(request.sentAt).toBeNull()
    request.send()
    setClock(byMs)
    const waitedMs = Date.now() - Number(request.sentAt)
    expect(waitedMs).toBeGreaterThanOrEqual(-1)
    expect(waitedMs).toBeLessThan(60_000)
  })
})
