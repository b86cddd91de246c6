import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { startLocalStack } from '@valence/deploy/local/stack'
import { TestKafka } from '@valence/testing/counting/workload'
import type { InferenceBackend } from '../src/inference/backend.ts'
import { createWorkerPool } from '../src/inference/worker-pool.ts'
import { loadModel } from '../src/model/load-model.ts'
import { resolveModel } from '../src/model/model-location.ts'
import { type BatchBounds, runCeiling } from './ceiling.ts'
import { median } from './measure.ts'
import { bareCommand, bareScorers, contestants, type PeerPlaces } from './peers/contestants.ts'
import { runFacade, runFastApi } from './peers/http-peers.ts'
import { type PeerCost, runContestant } from './peers/run-contestant.ts'
import { runProcessor } from './processor.ts'
import { readTexts } from './texts.ts'

/** Texts of one run, seconds it took, CPU seconds of all its processes. */
type Run = PeerCost
type Runs = Map<string, Run[]>

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const cores = availableParallelism()
const workers = { workers: cores, timeoutMs: 60_000 }

function options() {
  const { values } = parseArgs({
    options: {
      texts: { type: 'string' },
      phase: { type: 'string', default: 'bare' },
      count: { type: 'string', default: '1500' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: '' },
      json: { type: 'string', default: here('../../docs/lab/benchmarks-peers.json') },
      python: { type: 'string', default: here('peers/.venv/bin/python') },
      models: { type: 'string', default: here('peers/.models') },
    },
  })
  if (values.texts === undefined) throw new Error('--texts FILE.jsonl is missing')
  if (!existsSync(values.models)) throw new Error(`${values.models} is missing: run processor/bench/peers/setup`)
  return { ...values, texts: values.texts, count: Number(values.count), rounds: Number(values.rounds) }
}

const { texts: path, phase, count, rounds, only, json, python, models } = options()
const places: PeerPlaces = { python, models, cores }
const texts = readTexts(path, count)
const modelFolder = resolveModel(process.env.VALENCE_MODEL)
const isWanted = (name: string) => only === '' || only.split(',').some((part) => name.includes(part))

function note(runs: Runs, name: string, run: Run): void {
  runs.set(name, [...(runs.get(name) ?? []), run])
  const perSecond = run.texts / run.wallSeconds
  process.stderr.write(
    `  ${name}: ${perSecond.toFixed(0)} texts/s, ${((run.cpuSeconds / run.texts) * 1e3).toFixed(3)} s CPU\n`,
  )
}

/** A backend over a graph run bare: everything tokenized, sorted and cut before the clock starts. */
async function runBare(backend: InferenceBackend, rows: readonly Int32Array[], bounds: BatchBounds): Promise<Run> {
  await runCeiling(backend, rows.slice(0, 100), 0, bounds)
  const { wallSeconds, cpuSeconds } = await runCeiling(backend, rows, 0, bounds)
  return { texts: rows.length, wallSeconds, cpuSeconds }
}

/** The ceiling, the same loop over the usual fused export, and what Python does with the same texts. */
async function compareBare(runs: Runs): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'valence-peers-'))
  const file = join(folder, 'texts.jsonl')
  await writeFile(file, texts.map((text) => JSON.stringify({ text })).join('\n'))
  const predictions = new Map<string, number[]>()
  try {
    for (let round = 0; round < rounds; round += 1) {
      const model = await loadModel(modelFolder, (graph) => createWorkerPool(graph, workers))
      const rows = texts.map((text) => model.tokenizer.encode(text).ids)
      note(runs, 'ceiling', await runBare(model.backend, rows, { maxTexts: 16, maxTokens: 256 }))
      await model.close()
      const fused = await createWorkerPool(
        {
          path: join(models, 'hf/onnx/model_quantized.onnx'),
          inputIds: { name: 'input_ids', type: 'int64' },
          attentionMask: { name: 'attention_mask', type: 'int64' },
          output: 'logits',
          labels: 3,
          optimizationLevel: 'all',
        },
        workers,
      )
      note(runs, 'fused export', await runBare(fused, rows, { maxTexts: 8, maxTokens: 100_000 }))
      await fused.close()
      for (const scorer of bareScorers.filter(isWanted)) {
        const { stdout } = await promisify(execFile)(...bareCommand(places, scorer, file), { maxBuffer: 2 ** 26 })
        const taken = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
        predictions.set(scorer, taken.predictions)
        const wallSeconds = taken.endedAt - taken.startedAt
        note(runs, `python: ${scorer}`, { texts: taken.texts, wallSeconds, cpuSeconds: taken.cpuSeconds })
      }
    }
  } finally {
    await rm(folder, { recursive: true })
  }
  return agreement(predictions)
}

/** The share of texts on which a peer and the packaged file in Python say the same: all run one model. */
function agreement(predictions: Map<string, number[]>): Record<string, number> {
  const reference = predictions.get('onnxruntime') ?? []
  return Object.fromEntries(
    [...predictions].map(([name, labels]) => [
      name,
      labels.filter((label, index) => label === reference[index]).length / labels.length,
    ]),
  )
}

/** From topic to topic, everyone in turn. */
async function compareKafka(runs: Runs): Promise<void> {
  const stack = await startLocalStack({ parts: ['kafka', 'registry'] })
  const kafka = await TestKafka.connect(stack.brokers)
  const all = texts.map((text, index) => ({ id: `t${index}`, key: `k${index % 50}`, text }))
  try {
    for (let round = 0; round < rounds; round += 1) {
      note(runs, 'valence', await runProcessor({ stack, texts, modelFolder, workers: cores }))
      for (const contestant of contestants(places).filter(({ name }) => isWanted(name)))
        note(runs, contestant.name, await runContestant(contestant, kafka, all))
    }
  } finally {
    await kafka.close()
    await stack.stop()
  }
}

/** One text a request, 16 connections in a closed loop. */
async function compareHttp(runs: Runs): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    note(runs, 'valence serve', await runFacade(cores, 10))
    note(runs, 'FastAPI + onnxruntime (the same file), batching queue', await runFastApi(places, 10))
  }
}

const phases: Record<string, (runs: Runs) => Promise<unknown>> = {
  bare: compareBare,
  kafka: compareKafka,
  http: compareHttp,
}

function summarise(runs: Runs) {
  return [...runs].map(([name, costs]) => ({
    name,
    textsPerSecond: median(costs.map((cost) => cost.texts / cost.wallSeconds)),
    cpuPerThousand: median(costs.map((cost) => (cost.cpuSeconds / cost.texts) * 1_000)),
    spread: [Math.min, Math.max].map((pick) => pick(...costs.map((cost) => cost.texts / cost.wallSeconds))),
  }))
}

const runs: Runs = new Map()
const compare = phases[phase]
if (compare === undefined) throw new Error(`--phase is one of ${Object.keys(phases).join(', ')}`)
const agreed = await compare(runs)
const report = {
  date: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model ?? 'unknown', cores, node: process.version },
  texts: texts.length,
  rounds,
  results: summarise(runs),
  ...(agreed === undefined ? {} : { agreement: agreed }),
}
const before = existsSync(json) ? JSON.parse(await readFile(json, 'utf8')) : {}
await writeFile(json, `${JSON.stringify({ ...before, [phase]: report }, null, 2)}\n`)
for (const { name, textsPerSecond, cpuPerThousand } of report.results)
  process.stdout.write(
    `${name.padEnd(56)} ${textsPerSecond.toFixed(0).padStart(6)} ${cpuPerThousand.toFixed(3).padStart(8)}\n`,
  )
process.exit(0)
