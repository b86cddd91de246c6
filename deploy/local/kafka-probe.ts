import { connect } from 'node:net'

const describeClusterKey = 60
const correlationId = 1

/** DescribeCluster v0 with a v2 request header: all lengths after the header are varints, every list ends in tags. */
function describeClusterRequest(): Buffer {
  const body = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 1 + 1 + 1)
  let at = body.writeInt32BE(body.length - 4, 0)
  at = body.writeInt16BE(describeClusterKey, at)
  at = body.writeInt16BE(0, at)
  at = body.writeInt32BE(correlationId, at)
  body.writeInt16BE(-1, at) // no client id; then no tags, no authorized operations, no tags
  return body
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16 = (): number => this.#bytes.readInt16BE(this.#advance(2))
  int32 = (): number => this.#bytes.readInt32BE(this.#advance(4))

  varint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#advance(1))
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  /** Compact string: its length plus one; zero stands for null. */
  skipString(): void {
    this.#advance(Math.max(0, this.varint() - 1))
  }

  skipTags(): void {
    for (let left = this.varint(); left > 0; left--) {
      this.varint()
      this.#advance(this.varint())
    }
  }

  #advance(count: number): number {
    const from = this.#at
    this.#at += count
    return from
  }
}

function readBrokerIds(response: Buffer): number[] {
  const reader = new Reader(response)
  reader.int32() // correlation
  reader.skipTags()
  reader.int32() // throttle time
  const errorCode = reader.int16()
  if (errorCode !== 0) throw new Error(`the broker answers with error ${errorCode}`)
  reader.skipString() // error message
  reader.skipString() // cluster id
  reader.int32() // controller id
  const ids: number[] = []
  for (let left = reader.varint() - 1; left > 0; left--) {
    ids.push(reader.int32())
    reader.skipString() // host
    reader.int32() // port
    reader.skipString() // rack
    reader.skipTags()
  }
  return ids
}

/**
 * Ids of the brokers in the cluster, as reported by the broker at host:port. Implemented without kafkajs, which must
 * not
 * be loaded before the overlay of the producer SDK is installed.
 */
export function describeCluster(host: string, port: number, timeoutMs = 2000): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    let received = Buffer.alloc(0)
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    socket.once('connect', () => socket.write(describeClusterRequest()))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return
      try {
        resolve(readBrokerIds(received.subarray(4)))
      } catch (error) {
        reject(error)
      }
      socket.destroy()
    })
  })
}
