import { expect, test } from 'vitest'
import { describeCluster } from '../../../local/kafka-probe.ts'
import { tcpServer } from '../../support/tcp-server.ts'

const compact = (text: string) => Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(text)])
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const noTags = Buffer.from([0])
const oneTag = Buffer.from([1, 7, 2, 0xaa, 0xbb])
const nullString = Buffer.from([0])

function broker(id: number): Buffer {
  return Buffer.concat([int32(id), compact('localhost'), int32(9092), nullString, noTags])
}

function answer(brokers: readonly number[], errorCode = 0): Buffer {
  const body = Buffer.concat([
    int32(1),
    oneTag,
    int32(0),
    Buffer.from([0, errorCode]),
    nullString,
    compact('MkU3OEVBNTcwNTJENDM2Qg'),
    int32(1),
    Buffer.from([brokers.length + 1]),
    ...brokers.map(broker),
    int32(-2_147_483_648),
    noTags,
  ])
  return Buffer.concat([int32(body.length), body])
}

test('asks with DescribeCluster and reads the ids of the brokers', async () => {
  let request = Buffer.alloc(0)
  const port = await tcpServer((socket) => {
    socket.once('data', (chunk) => {
      request = Buffer.from(chunk)
      socket.write(answer([1, 2, 300]))
    })
  })
  expect(await describeCluster('127.0.0.1', port)).toEqual([1, 2, 300])
  // length 13; key 60, version 0, correlation 1, null client id, no tags, false, no tags
  expect(request.toString('hex')).toBe('0000000d003c000000000001ffff000000')
})

test('an answer in pieces is put together', async () => {
  const port = await tcpServer((socket) => {
    socket.once('data', () => {
      for (const byte of answer([1, 2])) socket.write(Buffer.from([byte]))
    })
  })
  expect(await describeCluster('127.0.0.1', port)).toEqual([1, 2])
})

test.each([
  ['an error of the broker', answer([], 41), 'the broker answers with error 41'],
  ['a cut answer', Buffer.concat([int32(6), int32(1), Buffer.from([0, 0])]), /out of (range|bounds)/i],
])('%s rejects', async (_, bytes, message) => {
  const port = await tcpServer((socket) => void socket.once('data', () => socket.write(bytes)))
  await expect(describeCluster('127.0.0.1', port)).rejects.toThrow(message)
})

test('a broker that hangs up rejects', async () => {
  const port = await tcpServer((socket) => void socket.once('data', () => socket.end()))
  await expect(describeCluster('127.0.0.1', port)).rejects.toThrow('the connection was closed')
})

test('a broker that says nothing rejects in time', async () => {
  const port = await tcpServer(() => {})
  await expect(describeCluster('127.0.0.1', port, 50)).rejects.toThrow('no answer within 50 ms')
})
