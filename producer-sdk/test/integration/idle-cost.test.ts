import type { IdleCost } from '@valence/testing/kafkajs/idle-clients.script'
import { runScript } from '@valence/testing/kafkajs/run-script'
import { describe, expect, it } from 'vitest'
import { brokers } from '../support/real-kafka.ts'

describe('I: connected clients that have nothing to do', () => {
  it('let the event loop sleep; stock kafkajs turns it a thousand times a second', async () => {
    const measure = (overlay: boolean) =>
      runScript<IdleCost>(import.meta.resolve('@valence/testing/kafkajs/idle-clients.script'), {
        brokers: brokers(),
        clients: 12,
        measureMs: 2_000,
        overlay,
      })
    // One after the other: they are compared.
    const own = await measure(true)
    const stock = await measure(false)
    const facts = `own ${JSON.stringify(own)}, stock ${JSON.stringify(stock)}`
    expect(own.turns * 3, facts).toBeLessThan(stock.turns)
    expect(own.cpuMs, facts).toBeLessThan(stock.cpuMs)
  })
})
