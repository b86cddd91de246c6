interface Named {
  readonly topic: string
  readonly partition: number
}

/**
 * A lock per partition. Sequence numbers require it: until a batch is acknowledged or given up, no other batch may be
 * sent to its partition with the same producer id, or the broker treats the next batch as a duplicate.
 */
export class PartitionLocks {
  readonly #tails = new Map<string, Promise<void>>()

  #planning: Promise<unknown> = Promise.resolve()

  /**
   * Finds out by `plan` which partitions are needed, and resolves once they are held. Overlapping callers are queued in
   * the order of their calls, however long their plans take.
   */
  async acquireAfter<Partition extends Named>(
    plan: () => Promise<Partition[]>,
  ): Promise<{ partitions: Partition[]; release: () => void }> {
    const planned = this.#planning.then(plan).then((partitions) => ({ partitions, held: this.acquire(partitions) }))
    this.#planning = planned.catch(() => {})
    const { partitions, held } = await planned
    return { partitions, release: await held }
  }

  /** Resolves once all are held. All are queued for at once, so no two callers can wait for each other. */
  async acquire(partitions: readonly Named[]): Promise<() => void> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const earlier: Promise<void>[] = []
    for (const { topic, partition } of partitions) {
      const key = `${topic}/${partition}`
      const tail = this.#tails.get(key)
      if (tail) earlier.push(tail)
      const own = Promise.all([tail, released]).then(() => {
        if (this.#tails.get(key) === own) this.#tails.delete(key)
      })
      this.#tails.set(key, own)
    }
    await Promise.all(earlier)
    return release
  }
}
