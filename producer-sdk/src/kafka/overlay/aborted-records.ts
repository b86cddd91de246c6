/** A fetched record, control records included. */
export interface FetchedRecord {
  readonly offset: string
  readonly key: Buffer | null
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}

/** An entry of the fetch response's list of aborted transactions. */
export interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: string
}

const abortMarker = 0

// A control record's key is int16 version, int16 type. A user's record may carry the same bytes as its key.
function endsAbortedTransaction({ isControlRecord, key }: FetchedRecord): boolean {
  return isControlRecord && key !== null && key.length >= 4 && key.readInt16BE(2) === abortMarker
}

function byFirstOffset(a: { firstOffset: bigint }, b: { firstOffset: bigint }): number {
  return a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0
}

/**
 * Hunk F: removes the records of aborted transactions from a fetch. The broker lists aborted transactions by their
 * *last* offset, and several may begin before the same record. They are therefore sorted by first offset, and all that
 * begin at or before a record are opened before it is checked. `messages` are in offset order.
 */
export function filterAbortedRecords<Message extends FetchedRecord>({
  messages,
  abortedTransactions,
}: {
  messages: Message[]
  abortedTransactions?: readonly AbortedTransaction[] | null
}): Message[] {
  if (!abortedTransactions || abortedTransactions.length === 0) return messages
  const waiting = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .sort(byFirstOffset)
  const aborting = new Set<string>()
  let next = 0
  return messages.filter((message) => {
    const offset = BigInt(message.offset)
    for (let begun = waiting[next]; begun !== undefined && begun.firstOffset <= offset; begun = waiting[next]) {
      aborting.add(begun.producerId)
      next += 1
    }
    const { producerId, inTransaction } = message.batchContext
    if (endsAbortedTransaction(message)) {
      aborting.delete(producerId)
      return true
    }
    return message.isControlRecord || !inTransaction || !aborting.has(producerId)
  })
}
