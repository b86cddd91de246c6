/** A reader's position: the offset of its last event, by partition. */
export type StreamPosition = ReadonlyMap<number, bigint>

const part = /^(\d{1,9})\.(\d{1,19})$/

/** `partition.offset` of each partition, joined by dashes: the id of a server-sent event. */
export function formatPosition(position: StreamPosition): string {
  return [...position].map(([partition, offset]) => `${partition}.${offset}`).join('-')
}

/** The position in a Last-Event-ID; undefined where it is malformed. */
export function parsePosition(text: string): StreamPosition | undefined {
  const position = new Map<number, bigint>()
  for (const piece of text.split('-')) {
    const match = part.exec(piece)
    if (match?.[1] === undefined || match[2] === undefined) return undefined
    position.set(Number(match[1]), BigInt(match[2]))
  }
  return position
}
