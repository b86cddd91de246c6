import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DemoLedger } from './demo/demo-ledger.ts'
import { followDemo, produceDemo } from './demo/demo-traffic.ts'
import { DemoView } from './demo/demo-view.ts'
import { dropSettings, ignoredSettings } from './drop-settings.ts'
import { startLocalStack } from './stack.ts'
import { StackError } from './stack-error.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(repository, 'processor/bin/valence.js')
const stillMs = 60_000

function options(): { input: string; summary: string | undefined } {
  const { values } = parseArgs({ options: { input: { type: 'string' }, summary: { type: 'string' } } })
  const input = values.input === undefined ? join(repository, 'deploy/local/demo/sample.jsonl') : resolve(values.input)
  return { input, summary: values.summary === undefined ? undefined : resolve(values.summary) }
}

/** Runs a command of the CLI to its end. */
async function run(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`valence ${args.join(' ')} ended with ${code}`)
}

/** A service that logs to a file; `ready` resolves with its start line, or with undefined if the service has ended. */
function startService(command: string, environment: Readonly<Record<string, string>>, log: string) {
  const child = spawn(process.execPath, [bin, command], {
    env: { ...process.env, VALENCE_ADMIN_PORT: '0', ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  const lines = createInterface(child.stderr)
  child.stderr.pipe(createWriteStream(log))
  const started = new Promise<Record<string, unknown>>((resolve) => {
    lines.on('line', (line) => {
      if (/"msg":"(processor|facade) started"/.test(line)) resolve(JSON.parse(line))
    })
  })
  const ready = Promise.race([started, ended.then(() => undefined)])
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  return { process: child, log, ended, ready, stop }
}

type Service = ReturnType<typeof startService>

/** Scores one text over HTTP, like a web client. */
async function scoreByHttp(facade: Service, text: string): Promise<string> {
  const started = await facade.ready
  if (started === undefined) throw await failureOf(facade)
  const url = `http://127.0.0.1:${started.port}`
  const response = await fetch(`${url}/v1/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  })
  if (!response.ok) throw new Error(`${url}/v1/score answered ${response.status}`)
  const { label, valence } = (await response.json()) as { label: string; valence: number }
  return `facade at ${url}: "${text}" is ${label} (${valence.toFixed(2)})`
}

async function failureOf({ process: child, log }: Service): Promise<Error> {
  const tail = (await readFile(log, 'utf8')).slice(-4_000)
  return new Error(`${child.spawnargs.at(-1)} ended with ${child.exitCode}:\n${tail}`)
}

/** Waits until every text has a result, or until no result has arrived for a minute. */
async function allOut(ledger: DemoLedger, view: DemoView, produced: () => boolean, failed: AbortSignal): Promise<void> {
  let last = { done: -1, at: Date.now() }
  while (!failed.aborted) {
    view.draw()
    if (produced() && ledger.done >= ledger.produced) return
    if (ledger.done !== last.done) last = { done: ledger.done, at: Date.now() }
    if (Date.now() - last.at > stillMs) return
    await delay(200)
  }
}

async function demo(signal: AbortSignal): Promise<boolean> {
  const { input, summary: summaryFile } = options()
  await access(input).catch(() => {
    throw new Error(`the input file ${input} cannot be read (make demo INPUT=file.jsonl)`)
  })
  const ignored = ignoredSettings(dropSettings(process.env))
  const ledger = new DemoLedger()
  const view = new DemoView(process.stdout, ledger)
  if (ignored !== undefined) view.say(ignored)
  const stop = new AbortController()
  signal.addEventListener('abort', () => stop.abort(), { once: true })
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'valence-demo-'))
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  const stack = await startLocalStack({ onProgress: (line) => view.say(line) })
  cleanup.defer(() => stack.stop())
  await run(stack.environment, 'topics', 'create', '--partitions', '6')
  await run(stack.environment, 'schemas', 'register')
  view.say('topics and schemas are there; starting the processor and the facade')
  const processor = startService('process', stack.environment, join(folder, 'processor.log'))
  cleanup.defer(processor.stop)
  const facadeSettings = { ...stack.environment, VALENCE_AUTH_MODE: 'none', VALENCE_HTTP_PORT: '0' }
  const facade = startService('serve', facadeSettings, join(folder, 'facade.log'))
  cleanup.defer(facade.stop)
  void processor.ended.then(() => stop.abort())
  await processor.ready
  view.say(await scoreByHttp(facade, 'What a lovely surprise'))
  const texts = new Map<string, string>()
  const reader = await followDemo(stack, ledger, (score) => {
    const text = texts.get(score.at)
    if (text) view.show(text, score)
    texts.delete(score.at)
  })
  cleanup.defer(() => reader.stop())
  const startedAt = Date.now()
  let produced = false
  const producing = produceDemo(input, stack, (at, text) => {
    ledger.sent(at)
    texts.set(at, text)
  }).then(() => {
    produced = true
  })
  await Promise.all([producing, allOut(ledger, view, () => produced, stop.signal)])
  const seconds = (Date.now() - startedAt) / 1_000
  // Reads on after the last text, to find duplicates.
  if (!stop.signal.aborted) await delay(1_000)
  const summary = ledger.summary(seconds)
  view.summarise(summary)
  if (summaryFile !== undefined) await writeFile(summaryFile, `${JSON.stringify(summary, null, 2)}\n`)
  if (processor.process.exitCode !== null && !signal.aborted) throw await failureOf(processor)
  if (signal.aborted) return false
  const exact = summary.lost === 0 && summary.duplicated === 0 && summary.produced > 0
  view.say(exact ? 'every text came out exactly once' : 'NOT exactly once: see lost and doubled above')
  return exact
}

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort())
try {
  process.exitCode = (await demo(interrupted.signal)) ? 0 : 1
} catch (error) {
  process.stderr.write(`${error instanceof StackError || error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
process.exit()
