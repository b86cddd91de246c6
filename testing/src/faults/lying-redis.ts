import type { Conversation } from '../kafka/tcp-proxy.ts'

/** How a Redis can be wrong: in words of its own, in bytes, or about which key a value belongs to. */
export type RedisLie = 'errors' | 'garbage' | 'values of other keys'

const error = Buffer.from('-ERR the test says so\r\n')

/** A conversation in which Redis lies for as long as `lie` says so. */
export function createLyingRedis(lie: () => RedisLie | undefined, random: () => number): Conversation {
  function told(answer: Buffer): Buffer {
    switch (lie()) {
      case 'errors':
        return error
      case 'garbage':
        return Buffer.from(answer.map((byte) => (random() < 0.05 ? Math.floor(random() * 256) : byte)))
      case 'values of other keys':
        return exchangeValues(answer)
      case undefined:
        return answer
    }
  }
  return { pieces: (isClient, bytes) => [{ bytes: isClient ? bytes : told(bytes) }] }
}

/** Values of one length change places; the protocol stays valid. */
function exchangeValues(answer: Buffer): Buffer {
  const text = answer.toString('latin1')
  const places = [...text.matchAll(/\$(\d+)\r\n/g)]
    .map((match) => ({ at: match.index + match[0].length, length: Number(match[1]) }))
    .filter(({ at, length }) => length > 8 && at + length <= answer.length)
  const changed = Buffer.from(answer)
  for (const [index, { at, length }] of places.entries()) {
    const other = places[(index + 1) % places.length]
    if (other?.length === length) answer.copy(changed, at, other.at, other.at + length)
  }
  return changed
}
