import type { Admin } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import { type Config, readConfig } from '../../config/config.ts'
import { type BulkObject, listObjects } from '../../jobs/bulk/bulk-source.ts'
import { decodePosition, encodePosition, finishedAt } from '../../jobs/bulk/job-position.ts'
import { ResultCounter } from '../../jobs/bulk/job-results.ts'
import { type LoadedObject, TextLoader } from '../../jobs/bulk/load-object.ts'
import { sessionOpener } from '../../jobs/partition-sessions.ts'
import { SettlingSession } from '../../jobs/settling-session.ts'
import { bulkGroup } from '../../kafka/group-names.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import { fileFormats } from '../../text-files/input-file.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { LineProblems } from '../line-problems.ts'
import { choiceOption, countOption, textOption } from '../options.ts'
import { counted, writeJson, writeLines } from '../output.ts'
import { startProgress } from '../progress.ts'

const defaultStillMs = 300_000

interface BulkRequest {
  readonly source: string
  readonly topic: string
  readonly format: (typeof fileFormats)[number]
  readonly key: string | undefined
  readonly stillMs: number
}

interface Job {
  readonly object: BulkObject
  readonly session: SettlingSession
  readonly lines: bigint
}

interface BulkProblems {
  readonly lines: LineProblems
  readonly objects: LineProblems
}

interface BulkSummary {
  readonly objects: number
  /** Objects that an earlier run had finished. */
  readonly skipped: number
  readonly texts: number
  readonly rejected: number
  readonly scored: number
  readonly deadLettered: number
  readonly seconds: number
}

/**
 * `bulk SOURCE`: sends the texts of files or S3 objects through the topics and waits for their results. What was sent is
 * counted in the transactions that send it, so the same command goes on where a run was stopped, and sends nothing twice.
 */
export async function runBulk(
  context: CliContext,
  options: CommandOptions,
  [source = '']: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const request: BulkRequest = {
    source,
    topic: config.inputTopics[0] as string,
    format: choiceOption(options, 'format', fileFormats),
    key: textOption(options, 'key'),
    stillMs: countOption(options, 'timeoutMs') ?? defaultStillMs,
  }
  const problems: BulkProblems = { lines: new LineProblems(), objects: new LineProblems('object') }
  const startedAt = performance.now()
  const objects = await listObjects(source, config.bulkS3Endpoint)
  const done = await withAdmin(config, (admin) => new BulkRun(context, config, admin, request, problems).run(objects))
  const seconds = Number(((performance.now() - startedAt) / 1_000).toFixed(3))
  const summary: BulkSummary = { ...done.counts, rejected: problems.lines.count, seconds }
  if (options.json) await writeJson(context.stdout, { source, ...summary })
  else await writeLines(context.stdout, [describe(summary)])
  problems.lines.report(context.stderr, 'rejected')
  problems.objects.report(context.stderr, 'not read to the end; the same command goes on with them')
  if (!done.isComplete) {
    context.stderr.write(
      context.signal.aborted
        ? 'stopped early; the same command goes on from here\n'
        : 'results are missing; do processors run? The same command goes on waiting\n',
    )
  }
  const failed = problems.lines.count + problems.objects.count + summary.deadLettered
  return done.isComplete && failed === 0 ? 0 : 1
}

function describe({ objects, skipped, texts, rejected, scored, deadLettered, seconds }: BulkSummary): string {
  const rate = seconds > 0 ? Math.round(scored / seconds).toLocaleString('en-US') : '0'
  return [
    `${counted(objects, 'object')}${skipped > 0 ? ` (${skipped} done before)` : ''}`,
    counted(texts, 'text'),
    `${scored.toLocaleString('en-US')} scored`,
    `${deadLettered} dead-lettered`,
    `${rejected} rejected`,
    `${seconds.toFixed(1)} s`,
    `${rate}/s`,
  ].join(', ')
}

class BulkRun {
  readonly #context: CliContext
  readonly #config: Config
  readonly #admin: Admin
  readonly #request: BulkRequest
  readonly #problems: LineProblems
  readonly #unreadable: LineProblems
  readonly #results: ResultCounter

  constructor(context: CliContext, config: Config, admin: Admin, request: BulkRequest, problems: BulkProblems) {
    this.#context = context
    this.#config = config
    this.#admin = admin
    this.#request = request
    this.#problems = problems.lines
    this.#unreadable = problems.objects
    this.#results = new ResultCounter(config, admin)
  }

  async run(objects: readonly BulkObject[]) {
    await this.#expectTopics()
    await using opened = new AsyncDisposableStack()
    const jobs = await this.#openJobs(objects, opened)
    const begun = jobs.filter(({ lines }) => lines > 0n)
    // No result of an object can be older than the object itself.
    const since = Math.min(...begun.map(({ object }) => object.modifiedAt))
    await this.#results.begin(begun.length === 0 ? undefined : Math.min(since, Date.now()))
    const loaded = await this.#load(jobs)
    const texts = loaded.reduce((sum, own) => sum + own.texts, 0)
    const isOut = ({ job, texts: expected }: (typeof loaded)[number]) => {
      const { scored, deadLettered } = this.#results.of(job.object.fingerprint)
      return scored + deadLettered >= expected
    }
    const isSent = loaded.length === jobs.length && loaded.every(({ isWhole, failure }) => isWhole || failure)
    const isOutAll = await this.#results.follow(() => loaded.every(isOut), this.#request.stillMs, this.#context.signal)
    for (const own of loaded.filter((one) => one.isWhole && isOut(one))) {
      await own.job.session.publish([], finishedAt(own.lines), () => undefined)
    }
    const results = loaded.map(({ job }) => this.#results.of(job.object.fingerprint))
    return {
      isComplete: isSent && isOutAll,
      counts: {
        objects: objects.length,
        skipped: objects.length - jobs.length,
        texts,
        scored: results.reduce((sum, own) => sum + own.scored, 0),
        deadLettered: results.reduce((sum, own) => sum + own.deadLettered, 0),
      },
    }
  }

  async #expectTopics(): Promise<void> {
    const known = await this.#admin.listTopics()
    for (const topic of [this.#request.topic, this.#config.outputTopic, this.#config.deadLetterTopic]) {
      if (!known.includes(topic)) throw new ValenceError('VAL_KAFKA_TOPIC_MISSING', topic)
    }
  }

  /** A group for each object; taking it ends any other run of the same object. */
  async #openJobs(objects: readonly BulkObject[], opened: AsyncDisposableStack): Promise<Job[]> {
    const jobs: Job[] = []
    for (const object of objects) {
      if (this.#context.signal.aborted) break
      const groupId = bulkGroup(this.#config.kafkaGroupId, object.fingerprint)
      const openSession = sessionOpener(this.#config, this.#admin, groupId)
      const reopen = () => openSession({ topic: this.#request.topic, partition: 0 })
      const first = await reopen()
      opened.defer(() => first.close())
      const session = await SettlingSession.open({ session: first, reopen, encode: encodePosition })
      opened.defer(() => session.close())
      const { lines, refused, isFinished } = decodePosition(session.position ?? 0n)
      session.refused = refused
      if (!isFinished) jobs.push({ object, session, lines })
    }
    return jobs
  }

  async #load(jobs: readonly Job[]) {
    const { signal, stderr } = this.#context
    const loader = await TextLoader.open(this.#config, this.#admin, this.#request)
    const total = jobs.reduce((sum, { object }) => sum + object.bytes, 0)
    const progress = await startProgress(stderr, { noun: 'texts', total })
    const loaded: ({ job: Job } & LoadedObject)[] = []
    let [doneBytes, doneTexts] = [0, 0]
    try {
      for (const job of jobs) {
        const { object, session, lines } = job
        this.#results.of(object.fingerprint)
        const own = await loader.load(object, {
          session,
          from: lines,
          onProblem: (line, error) => this.#problems.add(line, error),
          signal,
          onLines: (texts, end) => progress.update(doneBytes + end, doneTexts + texts),
        })
        loaded.push({ job, ...own })
        if (own.failure) this.#unreadable.add(object.uri, own.failure)
        doneBytes += object.bytes
        doneTexts += own.texts
        if (signal.aborted) break
      }
    } finally {
      progress.stop()
    }
    return loaded
  }
}
