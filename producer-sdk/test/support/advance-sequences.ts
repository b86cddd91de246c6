import { createRequire } from 'node:module'
import { EosManager } from '../../src/kafka/overlay/eos-manager.ts'

/** What of kafkajs's own manager is needed. */
interface StockManager {
  initProducerId(): Promise<void>
  updateSequence(topic: string, partition: number, increment: number): void
  getSequence(topic: string, partition: number): number
}

/**
 * Lets the sequences of each partition begin at `start`, as if so many records had been written; call it before kafkajs is
 * loaded. A broker takes any sequence for the first of a producer that it does not know.
 */
export function advanceSequences(overlay: boolean, start: number): void {
  if (overlay) advanceOwn(start)
  else advanceStock(start)
}

function advanceOwn(start: number): void {
  const claim = EosManager.prototype.claimSequence
  const advanced = new Set<string>()
  EosManager.prototype.claimSequence = function (topic, partition, count) {
    const key = `${topic}/${partition}`
    if (!advanced.has(key)) claim.call(this, topic, partition, start)
    advanced.add(key)
    return claim.call(this, topic, partition, count)
  }
}

function advanceStock(start: number): void {
  const require = createRequire(import.meta.url)
  const path = require.resolve('kafkajs/src/producer/eosManager/index.js')
  const create = require(path) as (options: object) => StockManager
  const module = require.cache[path]
  if (module === undefined) throw new Error(`${path} was not loaded`)
  module.exports = (options: object) => {
    const manager = create(options)
    const getSequence = manager.getSequence.bind(manager)
    const advanced = new Set<string>()
    manager.getSequence = (topic, partition) => {
      const key = `${topic}/${partition}`
      if (!advanced.has(key)) {
        advanced.add(key)
        manager.updateSequence(topic, partition, start)
      }
      return getSequence(topic, partition)
    }
    return manager
  }
}
