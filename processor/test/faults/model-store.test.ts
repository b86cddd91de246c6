import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { reportFault } from '@valence/testing/counting/fault-report'
import {
  type AcknowledgedText,
  compareOutput,
  expectExactlyOnce,
  longestSilenceMs,
} from '@valence/testing/counting/invariants'
import { inventTexts, TestKafka } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { ModelReleases } from '@valence/testing/models/model-releases'
import { fillDisk } from '@valence/testing/parts/fill-disk'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { resolveModel } from '../../src/model/model-location.ts'

const times = 3
/** Room for the graph, which the releases share, and for some manifests. */
const diskBytes = 96 * 2 ** 20

let stack: LocalStack
let kafka: TestKafka
let releases: ModelReleases
let disk: string | undefined

/** A disk of its own for the store; undefined where nobody may mount one. */
async function mountSmallDisk(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'valence-small-store-'))
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', folder], { stdio: 'ignore' })
    return folder
  } catch {
    await rm(folder, { recursive: true })
    return undefined
  }
}

beforeAll(async () => {
  disk = await mountSmallDisk()
  stack = await startLocalStack({ parts: ['kafka'] })
  kafka = await TestKafka.connect(stack.brokers)
  releases = await ModelReleases.of(resolveModel('default'))
})
afterEach(killAllProcessors)
afterAll(async () => {
  await kafka?.close()
  await stack?.stop()
  await releases?.remove()
  if (disk === undefined) return
  execFileSync('/bin/umount', ['-l', disk])
  await rm(disk, { recursive: true })
})

async function reload(port: number): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/model/reload`, { method: 'POST' })
  return { status: response.status, body: await response.text() }
}

it('disk of the model store full while a new model comes: the old one scores on', async (context) => {
  if (disk === undefined) {
    context.skip('mounting a tmpfs needs root')
    return
  }
  const startedAt = Date.now()
  const topics = await kafka.createTopics()
  const processor = await new ProcessorProcess({
    ...topics.environment,
    VALENCE_MODEL: releases.uri,
    VALENCE_MODEL_STORE: join(disk, 'store'),
    VALENCE_MODEL_POLL_MS: '0',
  }).started()
  let isFlowing = true
  const texts = inventTexts(30_000)
  const sent: AcknowledgedText[] = []
  async function feed(): Promise<void> {
    while (isFlowing) {
      const next = texts.slice(sent.length, sent.length + 50)
      await kafka.produce(topics.input, next)
      sent.push(...next)
      await delay(250)
    }
  }
  const feeding = feed()
  for (let time = 0; time < times; time += 1) {
    const release = await fillDisk(disk)
    // One that the store has not seen: nothing of it is there yet.
    await releases.publish('b', (manifest) => {
      manifest.version = `b${time}`
    })
    const refused = await reload(processor.adminPort)
    expect(refused.body).toContain('VAL_MODEL_STORE_FULL')
    expect(refused.status).toBeGreaterThanOrEqual(500)
    await delay(1_000)
    expect((await fetch(`http://127.0.0.1:${processor.adminPort}/readyz`)).status).toBe(200)
    await release()
    const swapped = await reload(processor.adminPort)
    expect([swapped.status, JSON.parse(swapped.body).outcome]).toEqual([200, 'swapped'])
  }
  isFlowing = false
  await feeding
  await kafka.drained(topics)
  expect(await processor.stop()).toBe(0)
  const output = await readCommitted(kafka.brokers, topics.output)
  const report = compareOutput(sent, output)
  const seconds = Math.round((Date.now() - startedAt) / 1_000)
  const facts = { fault: 'disk of the model store full while a new model comes', seed: 0, injected: times, seconds }
  reportFault({ ...facts, longestSilenceMs: longestSilenceMs(output) }, report)
  expectExactlyOnce(report)
})
