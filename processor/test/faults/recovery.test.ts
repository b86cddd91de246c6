import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { reportRecovery } from '@valence/testing/counting/fault-report'
import { expectExactlyOnce } from '@valence/testing/counting/invariants'
import { TestKafka } from '@valence/testing/counting/workload'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { recoverFromKill } from '@valence/testing/processes/recovery-run'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

let stack: LocalStack
let kafka: TestKafka

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'], kafkaNodes: 3 })
  kafka = await TestKafka.connect(stack.brokers)
}, 180_000)
afterEach(killAllProcessors)
afterAll(async () => {
  await kafka?.close()
  await stack?.stop()
})

const named = (seat: number) => ({ VALENCE_KAFKA_INSTANCE_ID: `seat-${seat}` })
const soon = { VALENCE_KAFKA_SESSION_TIMEOUT_MS: '6000' }

const settings = [
  { setting: 'instance id set, restarted after 0.5 s', environmentOf: named, restartAfterMs: 500, atMostMs: 3_000 },
  {
    setting: 'instance id found, restarted after 0.5 s',
    environmentOf: () => ({}),
    restartAfterMs: 500,
    atMostMs: 3_000,
  },
  { setting: 'not restarted, session of 10 s (default)', environmentOf: named, atMostMs: 12_000 },
  {
    setting: 'not restarted, session of 6 s',
    environmentOf: (seat: number) => ({ ...named(seat), ...soon }),
    atMostMs: 12_000,
  },
]

it.for(settings)('SIGKILL of one of two, $setting: back within $atMostMs ms', async (each) => {
  const recoveries: number[] = []
  for (let run = 0; run < 3; run += 1) {
    const { recoveredMs, report } = await recoverFromKill(kafka, { restartAfterMs: undefined, ...each })
    expectExactlyOnce(report)
    recoveries.push(recoveredMs)
  }
  reportRecovery({ setting: each.setting, atMostMs: each.atMostMs, recoveredMs: recoveries })
  expect(Math.max(...recoveries)).toBeLessThanOrEqual(each.atMostMs)
})
