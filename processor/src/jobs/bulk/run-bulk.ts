import type { ValenceError } from '@valence/schemas'
import { bulkGroup } from '../../kafka/group-names.ts'
import { expectTopics } from '../../kafka/kafka-admin.ts'
import type { Job } from '../job.ts'
import { sessionOpener } from '../partition-sessions.ts'
import { SettlingSession } from '../settling-session.ts'
import type { BulkObject } from './bulk-source.ts'
import { readJobPosition, toLineProgress } from './job-position.ts'
import { ResultCounter } from './job-results.ts'
import { type LoadedObject, TextLoader, type TextLoaderOptions } from './load-object.ts'

export interface BulkRequest extends TextLoaderOptions {
  /** Stop waiting if no result came for this time. */
  readonly stillMs: number
  /** Called for each line that is not sent. */
  readonly onLineProblem: (line: number, error: ValenceError) => void
  /** Called for each object that cannot be read to its end. */
  readonly onObjectProblem: (uri: string, error: ValenceError) => void
}

export interface BulkResult {
  /** True if every text was sent and has a result. */
  readonly isComplete: boolean
  readonly objects: number
  /** Objects that earlier runs have finished. */
  readonly skipped: number
  readonly texts: number
  readonly scored: number
  readonly deadLettered: number
}

/** An unfinished object. */
interface ObjectJob {
  readonly object: BulkObject
  readonly session: SettlingSession
  readonly lines: bigint
}

/**
 * Sends the texts of objects through the topics and waits for their results. The transaction that sends lines also
 * commits their count, so a later run resumes after the last sent line and sends nothing twice.
 */
export class BulkRun {
  readonly #job: Job
  readonly #request: BulkRequest
  readonly #results: ResultCounter

  constructor(job: Job, request: BulkRequest) {
    this.#job = job
    this.#request = request
    this.#results = new ResultCounter(job.config, job.admin)
  }

  async run(objects: readonly BulkObject[]): Promise<BulkResult> {
    await expectTopics(this.#job.admin, [
      this.#request.topic,
      this.#job.config.outputTopic,
      this.#job.config.deadLetterTopic,
    ])
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
    const isOutAll = await this.#results.follow(() => loaded.every(isOut), this.#request.stillMs, this.#job.signal)
    for (const own of loaded.filter((one) => one.isWhole && isOut(one))) {
      await own.job.session.finish(own.lines)
    }
    const results = loaded.map(({ job }) => this.#results.of(job.object.fingerprint))
    return {
      isComplete: isSent && isOutAll,
      objects: objects.length,
      skipped: objects.length - jobs.length,
      texts,
      scored: results.reduce((sum, own) => sum + own.scored, 0),
      deadLettered: results.reduce((sum, own) => sum + own.deadLettered, 0),
    }
  }

  /** Opens one group per object. Opening it fences any other run of the same object. */
  async #openJobs(objects: readonly BulkObject[], opened: AsyncDisposableStack): Promise<ObjectJob[]> {
    const jobs: ObjectJob[] = []
    for (const object of objects) {
      if (this.#job.signal.aborted) break
      const groupId = bulkGroup(this.#job.config.kafkaGroupId, object.fingerprint)
      const openSession = sessionOpener(this.#job.config, this.#job.admin, groupId)
      const reopen = () => openSession({ topic: this.#request.topic, partition: 0 })
      const first = await reopen()
      opened.defer(() => first.close())
      const session = await SettlingSession.open({ session: first, reopen, progressOf: toLineProgress })
      opened.defer(() => session.close())
      const { lines, refused, isFinished } = readJobPosition(session.committed)
      session.refused = refused
      if (!isFinished) jobs.push({ object, session, lines })
    }
    return jobs
  }

  async #load(jobs: readonly ObjectJob[]) {
    const { signal, progress } = this.#job
    const loader = await TextLoader.open(this.#job.config, this.#job.admin, this.#request)
    const total = jobs.reduce((sum, { object }) => sum + object.bytes, 0)
    progress.start(total)
    const loaded: ({ job: ObjectJob } & LoadedObject)[] = []
    let [doneBytes, doneTexts] = [0, 0]
    for (const job of jobs) {
      const { object, session, lines } = job
      this.#results.of(object.fingerprint)
      const own = await loader.load(object, {
        session,
        from: lines,
        onProblem: this.#request.onLineProblem,
        signal,
        onTexts: (texts, end) => progress.update(doneBytes + end, doneTexts + texts),
      })
      loaded.push({ job, ...own })
      if (own.failure) this.#request.onObjectProblem(object.uri, own.failure)
      doneBytes += object.bytes
      doneTexts += own.texts
      if (signal.aborted) break
    }
    return loaded
  }
}
