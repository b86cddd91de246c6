type BrokerCallback = (target: unknown) => Promise<unknown>

export interface BrokerPoolClass {
  readonly prototype: { withBroker(callback: BrokerCallback): Promise<unknown> }
}

const refusal = /_AUTHORIZATION_FAILED$/

function isRefusal(error: unknown): boolean {
  const { type } = error as { type?: unknown }
  return typeof type === 'string' && refusal.test(type)
}

/**
 * Hunk 9. Stock kafkajs asks one broker after the other for the coordinator of a group or a transaction and discards
 * their errors: a missing ACL is reported as "Failed to find group coordinator", like a starting cluster. Here a
 * refusal is thrown if no broker returns the coordinator.
 */
export function reportRefusals(poolClass: BrokerPoolClass): void {
  const { withBroker } = poolClass.prototype
  poolClass.prototype.withBroker = async function withFirstBroker(callback) {
    let refused: unknown
    const answer = await withBroker.call(this, async (target) => {
      try {
        return await callback(target)
      } catch (error) {
        if (isRefusal(error)) refused ??= error
        throw error
      }
    })
    if (answer === null && refused !== undefined) throw refused
    return answer
  }
}
