import { readFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { resultOptions, writeResults } from './report/results.ts'
import { type Fault, faults } from './signals/faults.ts'
import { type Prometheus, startPrometheus } from './signals/prometheus.ts'
import { type Signal, type SignalReport, signalTable } from './signals/table.ts'
import { openWorld, scrape, type World } from './signals/world.ts'

const usage = `node processor/bench/signals.ts [--only "redis down,zombie"] [--limit 600] [--parallel 3] [--json out.json] [--publish]

Brings one fault after the other into a running group and measures after how many seconds a metric moves, and, where
Prometheus is installed and --limit is not 0, after how many the alert fires. --publish writes
docs/lab/signals.json and .md; with --only, their other rows stay.
`

const repository = fileURLToPath(new URL('../..', import.meta.url))
const settleMs = 20_000
const metricLimitMs = 90_000
const silenceMs = 120_000
const pollMs = 200

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      limit: { type: 'string', default: '600' },
      parallel: { type: 'string', default: '1' },
      ...resultOptions,
      help: { type: 'boolean' },
    },
  })
  const only = values.only?.split(',').map((name) => name.trim().toLowerCase())
  return { ...values, only, limitSeconds: Number(values.limit), parallel: Number(values.parallel) }
}

const say = (line: string) => process.stderr.write(`signals: ${line}\n`)

async function measureMetric(fault: Fault, world: World, wanted: number, since: number): Promise<number | null> {
  while (performance.now() - since < metricLimitMs) {
    const value = await scrape(fault.at(world)).then(fault.value, () => Number.NEGATIVE_INFINITY)
    if (value >= wanted) return (performance.now() - since) / 1_000
    await sleep(pollMs)
  }
  return null
}

async function measureAlerts(
  fault: Fault,
  prometheus: Prometheus | undefined,
  already: ReadonlySet<string>,
  since: number,
  limitSeconds: number,
) {
  const seen = new Map<string, number>()
  const hasAll = () => fault.alerts.every((name) => seen.has(name))
  while (prometheus && !hasAll() && performance.now() - since < limitSeconds * 1_000) {
    for (const name of await prometheus.alerts('firing')) {
      if (!seen.has(name)) seen.set(name, (performance.now() - since) / 1_000)
    }
    await sleep(1_000)
  }
  const pending = (await prometheus?.alerts('pending')) ?? new Set()
  return {
    alerts: fault.alerts.map((name) => ({
      name,
      seconds: seen.get(name) ?? null,
      ...(pending.has(name) ? { was: 'pending' as const } : {}),
    })),
    others: Object.fromEntries([...seen].filter(([name]) => !fault.alerts.includes(name) && !already.has(name))),
  }
}

/** What a busy machine has set off is no sign of the fault: waits until the fault's own alerts are silent. */
async function awaitSilence(fault: Fault, prometheus: Prometheus | undefined): Promise<ReadonlySet<string>> {
  for (const deadline = performance.now() + silenceMs; prometheus !== undefined; await sleep(1_000)) {
    const already = await prometheus.alerts('firing', 'pending')
    if (!fault.alerts.some((name) => already.has(name))) return already
    if (performance.now() > deadline) throw new Error('its alert is not silent without it: the machine is too busy')
  }
  return new Set()
}

async function measureFault(fault: Fault, shared: LocalStack, model: string, limitSeconds: number): Promise<Signal> {
  const stack = (await fault.ownStack?.()) ?? shared
  const { settings, model: ownModel, inject, close } = await fault.prepare(stack, model)
  const world = await openWorld(stack, ownModel ?? model, settings)
  const ports = {
    'valence-processor': world.processors.map(({ adminPort }) => adminPort),
    'valence-lag-service': [world.lagService.adminPort],
    'valence-facade': world.facade ? [world.facade.adminPort] : [],
  }
  const prometheus = limitSeconds > 0 ? await startPrometheus(ports) : undefined
  try {
    await sleep(settleMs)
    const quiet = fault.value(await scrape(fault.at(world)))
    await sleep(settleMs)
    const already = await awaitSilence(fault, prometheus)
    const before = fault.value(await scrape(fault.at(world)))
    const since = performance.now()
    await inject(world)
    // On a busy machine the metric may move by itself; the fault must move it farther than that.
    const noise = before - quiet
    const metricSeconds = await measureMetric(fault, world, before + 1 + 2 * noise, since)
    if (metricSeconds === null) say(`${fault.name}: ${JSON.stringify(fault.at(world).log.slice(-3))}`)
    else say(`${fault.name}: metric after ${metricSeconds.toFixed(1)} s`)
    const { alerts, others } = await measureAlerts(fault, prometheus, already, since, limitSeconds)
    say(`${fault.name}: ${alerts.map(({ name, seconds }) => `${name} ${seconds?.toFixed(0)} s`).join(', ')}`)
    const { name, how, metric } = fault
    return { name, how, metric, noise, metricSeconds, alerts, others }
  } finally {
    await prometheus?.stop()
    await world.close()
    await close?.()
    if (fault.ownStack) await stack.stop()
  }
}

/** So many at a time; in the order of the faults. */
async function measureAll(chosen: readonly Fault[], limitSeconds: number, parallel: number) {
  const shared = await startLocalStack({ parts: ['kafka', 'redis'] })
  const model = await writeTinyModel()
  const results = new Map<Fault, Signal | string>()
  const waiting = [...chosen]
  async function work(): Promise<void> {
    for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
      const failed = (error: unknown) =>
        `the run failed: ${error instanceof Error ? error.message.split('\n')[0] : error}`
      results.set(fault, await measureFault(fault, shared, model.folder, limitSeconds).catch(failed))
    }
  }
  try {
    await Promise.all(Array.from({ length: parallel }, work))
  } finally {
    await killAllProcessors()
    await model.remove()
    await shared.stop()
  }
  return results
}

/** What was measured before, with the rows of now in the place of theirs. */
async function amend(path: string, now: SignalReport): Promise<SignalReport> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return now
  const before = JSON.parse(text) as SignalReport
  const names = [...now.signals.map(({ name }) => name), ...Object.keys(now.notMeasured)]
  const kept = before.signals.filter(({ name }) => !names.includes(name))
  const notMeasured = Object.entries(before.notMeasured).filter(([name]) => !names.includes(name))
  const order = (name: string) => faults.findIndex((fault) => fault.name === name)
  return {
    ...now,
    signals: [...kept, ...now.signals].sort((a, b) => order(a.name) - order(b.name)),
    notMeasured: { ...Object.fromEntries(notMeasured), ...now.notMeasured },
  }
}

const given = options()
if (given.help) process.stdout.write(usage)
else {
  const chosen = faults.filter(({ name }) => given.only?.includes(name.toLowerCase()) ?? true)
  const results = await measureAll(chosen, given.limitSeconds, given.parallel)
  const report: SignalReport = {
    date: new Date().toISOString(),
    machine: `${availableParallelism()} cores (load average ${loadavg()[0]?.toFixed(0)})`,
    limitSeconds: given.limitSeconds,
    signals: faults.map((fault) => results.get(fault)).filter((result) => typeof result === 'object'),
    notMeasured: Object.fromEntries(
      [...results].flatMap(([{ name }, result]) => (typeof result === 'string' ? [[name, result]] : [])),
    ),
  }
  const whole = given.only === undefined ? report : await amend(join(repository, 'docs/lab/signals.json'), report)
  await writeResults('signals', whole, given)
  process.stdout.write(`${signalTable(whole)}\n`)
}
process.exit(0)
