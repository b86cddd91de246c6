import { describe, expect, it, vi } from 'vitest'
import type { Codec } from '../../../src/kafka/codecs.ts'
import { createKafka, isOverlayInstalled, loadKafkaJs, setLeaveGroup } from '../../../src/kafka/index.ts'

const options = { brokers: 'localhost:1', clientId: 'test' }

// One process, one kafkajs: these tests run with the overlay. What is refused before or after it has its own file.
describe('createKafka', () => {
  it('installs the overlay with the first client', () => {
    expect(isOverlayInstalled()).toBe(false)
    createKafka(options)
    expect(isOverlayInstalled()).toBe(true)
  })

  it('may be called again', () => {
    expect(() => createKafka({ ...options, brokers: ['a:1', 'b:2'] })).not.toThrow()
  })

  it('logs in again 2 s before a login ends, so that one of a few seconds serves', () => {
    const construct = vi.spyOn(loadKafkaJs(), 'Kafka')
    createKafka(options)
    expect(construct).toHaveBeenCalledWith(expect.objectContaining({ reauthenticationThreshold: 2_000 }))
    construct.mockRestore()
  })

  it('serves a second copy of this package in the same process', async () => {
    vi.resetModules()
    const copy = await import('../../../src/kafka/index.ts')
    expect(copy.createKafka).not.toBe(createKafka)
    expect(copy.isOverlayInstalled()).toBe(true)
    expect(copy.loadKafkaJs()).toBe(loadKafkaJs())

    const overlay = await import('../../../src/kafka/overlay/static-membership.ts')
    const group = { cluster: {}, memberId: 'm' }
    overlay.setMembership(group.cluster, { groupInstanceId: 'a', leaveOnDisconnect: false })
    // The class was patched by the first copy. Loaded here only, because the file loads kafkajs.
    const { stockModule } = await import('../../support/stock-kafkajs.ts')
    const { prototype } = stockModule<{ prototype: { leave(): Promise<void> } }>('consumer/consumerGroup.js')
    await prototype.leave.call(group)
    expect(group.memberId).toBeNull()
  })

  it('refuses to go without the overlay in a process that has it', () => {
    expect(() => createKafka({ ...options, overlay: false })).toThrow(
      expect.objectContaining({ code: 'VAL_KAFKA_OVERLAY_MISMATCH' }),
    )
  })

  it.each(['', ' , ', []])('needs a broker: %j', (brokers) => {
    expect(() => createKafka({ ...options, brokers })).toThrow(expect.objectContaining({ code: 'VAL_CONFIG_INVALID' }))
  })

  it.each([undefined, null, 5, {}, [undefined], ['a:1', 5]])('takes no brokers of another type: %j', (brokers) => {
    expect(() => createKafka({ ...options, brokers: brokers as unknown as string })).toThrow(
      expect.objectContaining({ code: 'VAL_CONFIG_INVALID' }),
    )
  })

  it.each(['localhost', 'localhost:0', 'a:1,b:70000', 'kafka://a:1', '::1:9092'])(
    'refuses %s as brokers',
    (brokers) => {
      const refused = expect.objectContaining({
        code: 'VAL_CONFIG_INVALID',
        message: expect.stringContaining('host:port'),
      })
      expect(() => createKafka({ ...options, brokers })).toThrow(refused)
    },
  )

  it('cannot give static membership without the overlay', () => {
    expect(() => createKafka({ ...options, overlay: false, groupInstanceId: 'a' })).toThrow('groupInstanceId')
  })

  it('keeps kafkajs from warning about its partitioner', () => {
    const messages: string[] = []
    createKafka({ ...options, onLog: (_level, message) => messages.push(message) }).producer({
      idempotent: true,
      retry: { retries: 3 },
    })
    expect(messages).toEqual([])
  })

  it('takes setLeaveGroup for dynamic members too, without effect', () => {
    expect(() => setLeaveGroup(createKafka(options).consumer({ groupId: 'g' }), true)).not.toThrow()
  })

  it('gives kafkajs all codecs', async () => {
    const codecs = Object.entries(loadKafkaJs().CompressionCodecs as unknown as Record<string, () => Codec>)
    expect(codecs.map(([type]) => type)).toEqual(['1', '2', '3', '4'])
    for (const [, create] of codecs) {
      const { compress, decompress } = create()
      expect(String(await decompress(await compress({ buffer: Buffer.from('same') })))).toBe('same')
    }
  })
})
