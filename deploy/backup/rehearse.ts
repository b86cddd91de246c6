import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { LocalStack } from '../local/local-stack.ts'
import { startProcessStack } from '../local/process-provider.ts'
import { countResults } from '../rehearsal/count-results.ts'
import { runValence, type Settings, startService } from '../rehearsal/service.ts'
import { TextLoad } from '../rehearsal/text-load.ts'

/**
 * Starts a cluster under load and backs it up repeatedly. Then destroys the cluster, its registry and a processor with
 * all data, starts an empty cluster, restores the backup, and continues the load.
 */
const { values } = parseArgs({
  options: {
    'every-ms': { type: 'string', default: '15000' },
    'work-ms': { type: 'string', default: '60000' },
    rate: { type: 'string', default: '25' },
    json: { type: 'boolean', default: false },
  },
})
const everyMs = Number(values['every-ms'])
const startedAt = Date.now()
const say = (line: string) => {
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6)
  ;(values.json ? process.stderr : process.stdout).write(`${seconds} s  ${line}\n`)
}

const model = new URL('../../processor/model/fast/model.json', import.meta.url).href
const output = 'sentiment.scores.v1'
const input = 'sentiment.texts.v1'

function settingsFor(stack: LocalStack, store: string): Settings {
  return {
    ...stack.environment,
    VALENCE_OUTPUT_FORMAT: 'json',
    VALENCE_INFERENCE_WORKERS: '1',
    VALENCE_MODEL: model,
    VALENCE_MODEL_STORE: store,
  }
}

/** Backs up until stopped; the running backup is then interrupted, as in a disaster. */
function keepBackingUp(settings: Settings, vault: string) {
  const stop = new AbortController()
  const backups: { at: number; seconds: number; records: number }[] = []
  const running = (async () => {
    while (!stop.signal.aborted) {
      const line = await runValence(settings, 'backup', 'create', vault, '--json').catch((error: Error) => {
        if (!stop.signal.aborted) throw error
        return undefined
      })
      if (line !== undefined && !stop.signal.aborted) {
        const backup = JSON.parse(line)
        backups.push(backup)
        say(`backup: ${backup.records} new records, ${backup.seconds} s`)
      }
      await delay(everyMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  })()
  return {
    backups,
    async stop() {
      stop.abort()
      await running
    },
  }
}

async function rehearse() {
  await using opened = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'valence-disaster-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const vault = join(folder, 'vault')
  const first = await startProcessStack({ parts: ['kafka', 'registry'], onProgress: say })
  opened.defer(() => first.stop())
  const settings = settingsFor(first, join(folder, 'store-1'))
  await runValence(settings, 'topics', 'create', '--partitions', '6')
  await runValence(settings, 'schemas', 'register')
  await runValence(settings, 'model', 'pull', model)
  const processor = await startService('process', settings, join(folder, 'processor-1.log'))
  opened.defer(() => processor.kill())
  const load = await new TextLoad(first.brokers, input, Number(values.rate), 'before').start()
  const backing = keepBackingUp(settings, vault)
  opened.defer(() => backing.stop())
  await delay(Number(values['work-ms']))

  const disasterAt = Date.now()
  const before = [...load.acknowledged]
  say(`disaster: cluster, registry and model store are gone, ${before.length} texts were acknowledged`)
  await Promise.all([first.stop(), processor.kill()])
  await rm(join(folder, 'store-1'), { recursive: true, force: true })
  void load.stop().catch(() => undefined)
  await backing.stop()

  const second = await startProcessStack({ parts: ['kafka', 'registry'], onProgress: say })
  opened.defer(() => second.stop())
  const restored = settingsFor(second, join(folder, 'store-2'))
  const restoredFrom = Date.now()
  say((await runValence(restored, 'backup', 'restore', vault)).trim())
  const restoreSeconds = (Date.now() - restoredFrom) / 1_000
  const successor = await startService('process', restored, join(folder, 'processor-2.log'))
  opened.defer(() => successor.kill())
  const after = await new TextLoad(second.brokers, input, Number(values.rate), 'after').start()
  while (after.acknowledged.length === 0) await delay(50)
  const firstNew = after.acknowledged.slice(0, 1)
  await countResults(second.brokers, output, firstNew)
  const recoverySeconds = (Date.now() - disasterAt) / 1_000
  say('a new text has its result')
  await delay(5_000)
  await after.stop()
  const counts = await countResults(second.brokers, output, [...before, ...after.acknowledged], 15_000)
  const last = backing.backups.at(-1)
  const lostAt = counts.lost.map((id) => load.acknowledgedAt.get(id) ?? Number.NaN)
  const summary = {
    acknowledged: { before: before.length, after: after.acknowledged.length },
    lost: {
      before: counts.lost.filter((id) => id.startsWith('before')).length,
      after: counts.lost.filter((id) => id.startsWith('after')).length,
    },
    // Texts produced during the last backup may be in it.
    lostBeforeLastBackup: lostAt.filter((at) => at < (last?.at ?? 0)).length,
    doubled: counts.doubled,
    backups: backing.backups.length,
    longestBackupSeconds: Math.max(...backing.backups.map(({ seconds }) => seconds)),
    /** Time from the oldest lost text to the disaster. */
    recoveryPointSeconds: lostAt.length === 0 ? 0 : (disasterAt - Math.min(...lostAt)) / 1_000,
    /** The part of it that `backup restore` took; the rest is the start of cluster, registry and processor. */
    restoreSeconds,
    recoverySeconds,
    processorExitCode: await successor.stop(),
  }
  say(JSON.stringify(summary))
  if (values.json) process.stdout.write(`${JSON.stringify(summary)}\n`)
  return summary.lostBeforeLastBackup === 0 && summary.lost.after === 0 && summary.doubled === 0
}

process.exitCode = (await rehearse()) ? 0 : 1
process.exit()
