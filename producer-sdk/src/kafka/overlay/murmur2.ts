const seed = 0x9747b28c
const mix = 0x5bd1e995

/**
 * The hash by which Kafka's clients choose the partition of a key (`Utils.murmur2` of the Java client).
 *
 * kafkajs works it out in BigInts that are never cut to 32 bits, so that its cost grows with the square of the length: a
 * key of 100 kB held the event loop for seconds.
 */
export function murmur2(key: Buffer | string): number {
  const data = Buffer.isBuffer(key) ? key : Buffer.from(String(key))
  const { length } = data
  const whole = length - (length % 4)
  let hash = seed ^ length
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(data.readInt32LE(at), mix)
    word = Math.imul(word ^ (word >>> 24), mix)
    hash = Math.imul(hash, mix) ^ word
  }
  if (whole < length) {
    for (let at = length - 1; at >= whole; at -= 1) hash ^= (data[at] ?? 0) << (8 * (at - whole))
    hash = Math.imul(hash, mix)
  }
  hash = Math.imul(hash ^ (hash >>> 13), mix)
  return hash ^ (hash >>> 15)
}
