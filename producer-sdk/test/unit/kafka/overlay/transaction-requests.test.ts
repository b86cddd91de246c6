import { describe, expect, it } from 'vitest'
import type { ProtocolRequest } from '../../../../src/kafka/overlay/internals.ts'
import {
  describeTransactions,
  findCoordinators,
  listTransactions,
} from '../../../../src/kafka/overlay/transaction-requests.ts'
import clientBytes from '../../../support/client-bytes.json' with { type: 'json' }
import { encoded } from '../../../support/encoded-request.ts'
import { internals } from '../../../support/stock-kafkajs.ts'

const { java } = clientBytes

async function answering({ response }: ProtocolRequest, payload: string): Promise<unknown> {
  return response.parse(await response.decode(Buffer.from(`00${payload}`, 'hex')))
}

const find = findCoordinators(internals, { ids: ['lane-1', 'lane-2'], type: 1 })
const list = listTransactions(internals, ['Ongoing', 'PrepareCommit'])
const describeOne = describeTransactions(internals, ['lane-1'])

describe('requests about transactions', () => {
  it.each([
    { request: find, name: 'FindCoordinator', version: 4 },
    { request: list, name: 'ListTransactions', version: 0 },
    { request: describeOne, name: 'DescribeTransactions', version: 0 },
  ] as const)('$name has the bytes of the Java client', async ({ request, name, version }) => {
    const { apiName, apiVersion, bytes } = await encoded(request)
    expect([apiName, apiVersion]).toEqual([name, version])
    expect(bytes.toString('hex')).toBe(`00${java[`${name} request`]}`)
  })

  it('FindCoordinator tells each coordinator, and which ids have none', async () => {
    expect(await answering(find, java['FindCoordinator answer'])).toEqual([
      { key: 'lane-1', nodeId: 2, errorCode: 0 },
      { key: 'lane-2', nodeId: -1, errorCode: 15 },
    ])
  })

  it('ListTransactions tells id, producer and state', async () => {
    expect(await answering(list, java['ListTransactions answer'])).toMatchObject({
      transactions: [
        { transactionalId: 'lane-1', producerId: '9007199254740993', state: 'Ongoing' },
        { transactionalId: 'other', producerId: '5', state: 'PrepareCommit' },
      ],
    })
  })

  it('ListTransactions throws what the broker says', async () => {
    const loading = '00000000000e0101'
    await expect(answering(list, `${loading}00`)).rejects.toMatchObject({ type: 'GROUP_LOAD_IN_PROGRESS' })
  })

  it('DescribeTransactions tells partitions and age, and takes an unknown id for an answer', async () => {
    expect(await answering(describeOne, java['DescribeTransactions answer'])).toMatchObject([
      {
        transactionalId: 'lane-1',
        state: 'Ongoing',
        timeoutMs: 30_000,
        startedAtMs: 1_796_096_853_598,
        producerId: '9007199254740993',
        producerEpoch: 7,
        topics: [{ topic: 'scores', partitions: [0, 200] }],
      },
      { transactionalId: 'nobody', errorCode: 105 },
    ])
  })

  it('DescribeTransactions throws any other refusal', async () => {
    const notCoordinator = java['DescribeTransactions answer'].replace('0069076e6f626f6479', '0010076e6f626f6479')
    await expect(answering(describeOne, notCoordinator)).rejects.toMatchObject({ type: 'NOT_COORDINATOR_FOR_GROUP' })
  })
})
