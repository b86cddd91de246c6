import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it } from 'vitest'

const cwd = fileURLToPath(new URL('../../', import.meta.url))

/** A program that begins to connect, and changes its mind after some milliseconds. */
function program(create: string, [begin, end]: readonly [string, string], afterMs: number): string {
  return `
    import { setTimeout as delay } from 'node:timers/promises'
    import * as sdk from '@valence/producer-sdk'
    const client = ${create}
    const begun = client.${begin}().catch(({ code }) => code)
    await delay(${afterMs})
    await client.${end}()
    console.log('ended', await begun)
  `
}

/** Runs it to its own end; a connection that is left open keeps it alive until the test's timeout. */
async function run(source: string, signal: AbortSignal): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { cwd, signal, killSignal: 'SIGKILL' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes))
  const [code] = await once(child, 'close')
  return { code, output }
}

describe('a program ends by itself', () => {
  it.each([0, 10, 40])('whose producer is closed %d ms after it began to connect', async (afterMs) => {
    const create = `sdk.createTextProducer({ brokers: '${inject('stack').brokers}' })`
    const { code, output } = await run(program(create, ['connect', 'close'], afterMs), AbortSignal.timeout(30_000))
    expect([code, output]).toEqual([0, expect.stringMatching(/^ended (undefined|VAL_PRODUCER_CLOSED)\n$/)])
  })

  it.each([0, 10, 40, 200])('whose consumer is stopped %d ms after it began to start', async (afterMs) => {
    const options = `{ brokers: '${inject('stack').brokers}', groupId: 'stopped-${afterMs}', handler: () => {} }`
    const create = `sdk.createScoreConsumer(${options})`
    const { code, output } = await run(program(create, ['start', 'stop'], afterMs), AbortSignal.timeout(30_000))
    expect([code, output]).toEqual([0, expect.stringMatching(/^ended /)])
  })
})
