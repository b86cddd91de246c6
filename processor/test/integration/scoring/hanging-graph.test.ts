import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { tinyTokenizer, tinyVocabulary, writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllCommands, startCli } from '@valence/testing/processes/cli-process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

type TinyModel = Awaited<ReturnType<typeof writeTinyModel>>

let live: TinyModel
/** Spins on a word that costs the live model nothing. */
let candidate: TinyModel
const hangs = (word: string, times = 14) => Array(times).fill(word).join(' ')

beforeAll(async () => {
  live = await writeTinyModel()
  candidate = await writeTinyModel()
  const { model } = tinyTokenizer
  const vocab = { ...tinyVocabulary, ok: tinyVocabulary.slow, slow: tinyVocabulary.ok }
  const bytes = Buffer.from(JSON.stringify({ ...tinyTokenizer, model: { ...model, vocab } }))
  await writeFile(join(candidate.folder, 'tokenizer.json'), bytes)
  const manifestPath = join(candidate.folder, 'model.json')
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8'))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  manifest.files.tokenizer = { ...manifest.files.tokenizer, sha256, bytes: bytes.length }
  await writeFile(manifestPath, JSON.stringify(manifest))
})
afterEach(killAllCommands)
afterAll(() => Promise.all([live.remove(), candidate.remove()]))

/** `valence serve` as a process; `logged` resolves with the first line of that message. */
function serve(environment: Record<string, string> = {}) {
  const { child, ended } = startCli(['serve'], {
    environment: {
      VALENCE_MODEL: live.folder,
      VALENCE_AUTH_MODE: 'none',
      VALENCE_HTTP_PORT: '0',
      VALENCE_ADMIN_PORT: '0',
      VALENCE_INFERENCE_WORKERS: '1',
      // Long enough for a new thread on a busy machine to be in native code by then.
      VALENCE_INFERENCE_TIMEOUT_MS: '1500',
      ...environment,
    },
  })
  const lines: Record<string, unknown>[] = []
  const waiting: (() => void)[] = []
  createInterface(child.stderr).on('line', (line) => {
    if (line.startsWith('{')) lines.push(JSON.parse(line))
    for (const wake of waiting.splice(0)) wake()
  })
  async function logged(message: string): Promise<Record<string, unknown>> {
    const found = lines.find(({ msg }) => msg === message)
    if (found) return found
    await new Promise<void>((resolve) => waiting.push(resolve))
    return logged(message)
  }
  async function score(text: string): Promise<number> {
    const { port } = await logged('facade started')
    const body = JSON.stringify({ text })
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`http://127.0.0.1:${port}/v1/score`, { method: 'POST', headers, body })).status
  }
  /** One batch of texts that together take a minute, whatever the machine. */
  async function hang(): Promise<void> {
    const { port } = await logged('facade started')
    const words = ['good', 'great', 'bad', 'awful', 'ok', 'un']
    const texts = words.flatMap((first) => words.slice(0, 2).map((last) => `${first} ${hangs('slow', 12)} ${last}`))
    const headers = { 'content-type': 'application/json' }
    await fetch(`http://127.0.0.1:${port}/v1/score/batch`, { method: 'POST', headers, body: JSON.stringify({ texts }) })
  }
  return { child, ended, logged, score, hang }
}

describe('a graph that hangs in native code', () => {
  it('ends the process at once: no exit waits for it', async () => {
    const { ended, logged, hang } = serve()
    await hang().catch(() => undefined)
    await logged('failed, exiting for a restart')
    expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' })
  })

  it('in a candidate ends the shadow alone, and a stop is not held up', async () => {
    const { child, ended, logged, score } = serve({
      VALENCE_MODEL_SHADOW: candidate.folder,
      VALENCE_MODEL_SHADOW_RATIO: '1',
    })
    await logged('candidate model opened, shadowing')
    expect(await score(hangs('ok'))).toBe(200)
    await logged('candidate model hangs, shadowing stopped')
    expect(await score('good')).toBe(200)
    child.kill('SIGTERM')
    await logged('stopped')
    const { code, signal } = await ended
    // By itself where the run has come back meanwhile.
    expect([code, signal]).toBeOneOf([
      [0, null],
      [null, 'SIGKILL'],
    ])
  })
})
