import { setTimeout as delay } from 'node:timers/promises'
import type { QuietFacts } from '../counting/fault-report.ts'
import type { AcknowledgedText } from '../counting/invariants.ts'
import { readCommitted } from '../kafka/independent-reader.ts'
import type { FaultForm } from './fault-form.ts'
import type { LastTexts } from './fault-kind.ts'
import { GroupWatch } from './group-watch.ts'
import { knownTexts } from './known-texts.ts'
import { repeatFault } from './repeat-fault.ts'

/** Some for each partition. */
const burst = 60
const most = 10_000
const startMs = 120_000
const pollMs = 200

/** When the last texts come, in turn, where the kind does not say. */
export const lastTexts: readonly LastTexts[] = ['before', 'during', 'after']
const duringMs = 1_000

/**
 * The quiet form: some texts for every partition, a fault among them, and then nothing more. Everything acknowledged must
 * be out within the bound of the kind, and the processors ready and in their group again.
 */
export const fallSilent: FaultForm = async (run) => {
  const { scene, kind, encode, say, lingerMs } = run
  const { kafka, topics, dice } = scene
  const texts = knownTexts(most, kind.distinctTexts)
  const sent: AcknowledgedText[] = []
  const watch = new GroupWatch(scene)
  let longestMs = 0
  let waiting = 0
  let lettersDue = 0

  async function send(): Promise<void> {
    const next = texts.slice(sent.length, sent.length + burst)
    await kafka.produce(topics.input, next, encode)
    sent.push(...next)
  }

  async function countMissing(): Promise<number> {
    const output = await readCommitted(kafka.brokers, topics.output)
    const ids = new Set(output.map(({ value }) => JSON.parse(value ?? '{}').id))
    const letters = lettersDue === 0 ? [] : await readCommitted(kafka.brokers, topics.deadLetters)
    return sent.filter(({ id }) => !ids.has(id)).length + Math.abs(lettersDue - letters.length)
  }

  /** How many are not out at the deadline. */
  async function notOut(deadline: number): Promise<number> {
    for (;;) {
      const isLate = Date.now() > deadline
      const missing = await countMissing().catch((error) => {
        if (isLate) throw error
        return Number.POSITIVE_INFINITY
      })
      if (missing === 0 || isLate) return missing
      await delay(pollMs)
    }
  }

  async function strike(nth: number): Promise<string | undefined> {
    const what = await strikeAt(nth)
    if (what !== undefined) lettersDue += kind.deadLetters ?? 0
    return what
  }

  async function strikeAt(nth: number): Promise<string | undefined> {
    const turns = kind.lastTexts ?? lastTexts
    const moment = turns[nth % turns.length]
    say(`last texts ${moment} the fault`)
    if (moment === 'before') {
      await send()
      await delay(dice.int(50))
      return kind.inject(scene)
    }
    const happening = kind.inject(scene)
    if (moment === 'after') await happening
    else if (moment === 'during') await delay(dice.int(duringMs))
    const [what] = await Promise.all([happening, send()])
    return what
  }

  /** Whether everything came out and everybody came back in time. */
  async function comesOut(): Promise<boolean> {
    const overAt = Date.now()
    const deadline = overAt + kind.quiet.withinMs
    waiting = await notOut(deadline)
    const outAfterMs = Date.now() - overAt
    longestMs = Math.max(longestMs, outAfterMs)
    const trouble = await watch.settled(deadline)
    const facts = `${waiting} of ${sent.length} wait after ${outAfterMs} ms`
    say(trouble === undefined ? facts : `${facts}; ${trouble}`)
    if (waiting > 0 && trouble === undefined)
      watch.accuse(`all were ready while ${waiting} texts waited past the bound`)
    if (waiting === 0 && trouble !== undefined) watch.accuse(`everything was out, but ${trouble}`)
    return waiting === 0 && trouble === undefined
  }

  try {
    await send()
    if ((await notOut(Date.now() + startMs)) > 0) throw new Error('the processors do not begin')
    await watch.settled(Date.now() + startMs)
    const isFine = await repeatFault(run, strike, comesOut)
    await delay(isFine ? lingerMs : 0)
    const trouble = isFine ? await watch.settled(Date.now()) : undefined
    if (trouble !== undefined) watch.accuse(`in the silence afterwards: ${trouble}`)
  } finally {
    await watch.end()
  }
  const quiet: QuietFacts = {
    boundMs: kind.quiet.withinMs,
    waits: kind.quiet.waits,
    outAfterMs: longestMs,
    waiting,
    untruths: watch.untruths,
  }
  if (waiting > 0) {
    // What waits for another text comes out with it; what is lost does not.
    await send()
    say(`after more texts ${await notOut(Date.now() + kind.quiet.withinMs)} are missing`)
  }
  return { sent, quiet }
}
