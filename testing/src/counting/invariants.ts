import { expect } from 'vitest'
import type { ReadRecord } from '../kafka/independent-reader.ts'

/** What was acknowledged on input: id → the text, in the order of its key. */
export interface AcknowledgedText {
  readonly id: string
  readonly key: string
  readonly text: string
}

export interface ExactlyOnceReport {
  readonly acknowledged: number
  readonly read: number
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  /** Keys whose events came out in another order than they went in. */
  readonly reordered: readonly string[]
  /** Events that carry the attributes of another text than their id's, or another text's scores. */
  readonly misattributed: readonly string[]
}

interface Scored {
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
  readonly scores: Readonly<Record<string, number>>
}

/** Whether these scores are the text's own, where a test knows its model that well. */
export type Attribution = (text: string, scores: Readonly<Record<string, number>>) => boolean

/** Compares what an independent reader found with what was acknowledged. Texts carry themselves in `attributes.text`. */
export function compareOutput(
  sent: readonly AcknowledgedText[],
  output: readonly ReadRecord[],
  isOwn: Attribution = () => true,
): ExactlyOnceReport {
  const events = output.map((record) => ({ key: record.key, event: JSON.parse(record.value ?? '{}') as Scored }))
  const counts = new Map<string, number>()
  for (const { event } of events) counts.set(event.id, (counts.get(event.id) ?? 0) + 1)
  const texts = new Map(sent.map(({ id, text }) => [id, text]))
  const byKey = Map.groupBy(events, ({ key }) => key ?? '')
  const sentByKey = Map.groupBy(sent, ({ key }) => key)
  return {
    acknowledged: sent.length,
    read: events.length,
    lost: sent.filter(({ id }) => !counts.has(id)).map(({ id }) => id),
    doubled: [...counts].filter(([, count]) => count > 1).map(([id]) => id),
    reordered: [...byKey]
      .filter(([key, group]) =>
        isReordered(
          sentByKey.get(key) ?? [],
          group.map(({ event }) => event.id),
        ),
      )
      .map(([key]) => key),
    misattributed: events
      .filter(({ event: { id, attributes, scores } }) => {
        const text = texts.get(id)
        return text === undefined || attributes.text !== text || !isOwn(text, scores)
      })
      .map(({ event }) => event.id),
  }
}

function isReordered(sent: readonly AcknowledgedText[], read: readonly string[]): boolean {
  const positions = new Map(sent.map(({ id }, index) => [id, index]))
  return read.some(
    (id, index) => index > 0 && (positions.get(id) ?? 0) < (positions.get(read[index - 1] as string) ?? 0),
  )
}

export function expectExactlyOnce(report: ExactlyOnceReport): void {
  expect(report).toEqual({
    acknowledged: report.acknowledged,
    read: report.acknowledged,
    lost: [],
    doubled: [],
    reordered: [],
    misattributed: [],
  })
}

/** The longest time without output, in milliseconds, by the timestamps of the records. */
export function longestSilenceMs(output: readonly ReadRecord[]): number {
  const times = output.map(({ timestamp }) => timestamp).sort((a, b) => a - b)
  return times.reduce(
    (longest, time, index) => Math.max(longest, index === 0 ? 0 : time - (times[index - 1] ?? time)),
    0,
  )
}
