import type { ValenceError } from '@valence/schemas'
import { describe, expect, it, vi } from 'vitest'
import { Delivery, type PendingRecord, type SentRecord } from '../../../src/kafka/delivery.ts'
import type { Message, ProducerRecord, RecordMetadata } from '../../../src/kafka/index.ts'
import { type ProduceBatch, rememberAcknowledged } from '../../../src/kafka/overlay/produce-batch.ts'
import { createErrorFromCode } from '../../support/stock-kafkajs.ts'

type Send = (record: ProducerRecord) => Promise<RecordMetadata[]>
type Outcome = Pick<SentRecord, 'partition' | 'offset'> | string

const codes = { messageTooLarge: 10, requestTimedOut: 7, invalidTimestamp: 32 }

function acknowledge(partition: number, baseOffset: string): RecordMetadata {
  return { topicName: 'texts', partition, errorCode: 0, baseOffset }
}

/** An error of a send in which some partitions were written all the same. */
function failure(code: number, ...written: RecordMetadata[]): Error {
  const error = createErrorFromCode(code)
  rememberAcknowledged(
    error,
    written.map((acknowledgement) => ({ acknowledgement }) as unknown as ProduceBatch),
  )
  return error
}

/** Delivers records given by their partitions, and tells what became of each. */
async function deliver(send: Send, ...partitions: number[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const batch = partitions.map((partition, index): PendingRecord => {
    const message: Message = { value: String(index), partition }
    return {
      id: `id-${index}`,
      message,
      resolve: ({ offset }) => {
        outcomes[index] = { partition, offset }
      },
      reject: ({ code }: ValenceError) => {
        outcomes[index] = code
      },
    }
  })
  const partitionOf = ({ partition }: Message) => partition
  await new Delivery({ topic: 'texts', compression: 4, send, partitionOf }).deliver(batch)
  return outcomes
}

describe('Delivery', () => {
  it('sends one batch to the topic, compressed, acknowledged by all replicas', async () => {
    const send = vi.fn<Send>(async () => [acknowledge(0, '0')])
    await deliver(send, 0, 0)
    expect(send).toHaveBeenCalledOnce()
    expect(send.mock.lastCall?.[0]).toMatchObject({ topic: 'texts', compression: 4, acks: -1 })
  })

  it('counts offsets up from the base of each partition', async () => {
    const outcomes = await deliver(async () => [acknowledge(0, '100'), acknowledge(1, '7')], 0, 1, 0, 1, 0)
    expect(outcomes).toEqual([
      { partition: 0, offset: '100' },
      { partition: 1, offset: '7' },
      { partition: 0, offset: '101' },
      { partition: 1, offset: '8' },
      { partition: 0, offset: '102' },
    ])
  })

  it('says so where the broker does not know the offset of a repetition', async () => {
    const outcomes = await deliver(async () => [acknowledge(0, '-1')], 0, 0)
    expect(outcomes).toEqual([0, 0].map((partition) => ({ partition, offset: '-1' })))
  })

  it('rejects only what was not written', async () => {
    const send = async () => {
      throw failure(codes.requestTimedOut, acknowledge(1, '5'))
    }
    expect(await deliver(send, 0, 1)).toEqual(['VAL_KAFKA_UNREACHABLE', { partition: 1, offset: '5' }])
  })

  it('blames no record where the broker refuses the time of sending', async () => {
    const send = vi.fn<Send>(async () => {
      throw failure(codes.invalidTimestamp)
    })
    expect(await deliver(send, 0, 0, 1)).toEqual(Array(3).fill('VAL_KAFKA_TIMESTAMP_REFUSED'))
    expect(send).toHaveBeenCalledOnce()
  })

  it.each([
    ['is too large', codes.messageTooLarge, 'VAL_RECORD_TOO_LARGE_TO_PUBLISH'],
    ['has no key where the topic is compacted', 87, 'VAL_RECORD_REFUSED_BY_BROKER'],
  ])('finds the record that %s by halves, and rejects it alone', async (_, refusal, code) => {
    let offset = 0
    const send = vi.fn<Send>(async ({ messages }) => {
      if (messages.some(({ value }) => value === '5')) throw failure(refusal)
      const base = offset
      offset += messages.length
      return [acknowledge(0, String(base))]
    })
    const outcomes = await deliver(send, ...Array<number>(8).fill(0))
    expect(outcomes[5]).toBe(code)
    const written = outcomes.flatMap((outcome) => (typeof outcome === 'string' ? [] : Number(outcome.offset)))
    expect(written).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('does not send again what was written before the failure', async () => {
    const sent: string[] = []
    const send: Send = async ({ messages }) => {
      sent.push(messages.map(({ value }) => value).join())
      if (sent.length === 1) throw failure(codes.messageTooLarge, acknowledge(1, '0'))
      return [acknowledge(0, '0')]
    }
    await deliver(send, 0, 1, 0)
    expect(sent).toEqual(['0,1,2', '0', '2'])
  })

  it('rejects what the broker left out of its answer', async () => {
    expect(await deliver(async () => [acknowledge(0, '0')], 0, 1)).toEqual([
      { partition: 0, offset: '0' },
      'VAL_KAFKA_ACK_MISMATCH',
    ])
  })

  it('never rejects itself', async () => {
    const send = async () => {
      throw new TypeError('a defect')
    }
    expect(await deliver(send, 0)).toEqual(['VAL_PRODUCER_FAILED'])
  })
})
