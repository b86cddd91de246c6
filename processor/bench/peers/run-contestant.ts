import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { AcknowledgedText } from '@valence/testing/counting/invariants'
import type { TestKafka, TestTopics } from '@valence/testing/counting/workload'
import type { Contestant } from './contestants.ts'

/** What one program printed at its end; times in seconds since 1970. */
interface Taken {
  readonly texts?: number
  readonly startedAt: number
  readonly endedAt: number
  readonly cpuSeconds: number
}

export interface PeerCost {
  readonly texts: number
  /** From the first record that any copy read to the last commit. */
  readonly wallSeconds: number
  /** Of all copies together. */
  readonly cpuSeconds: number
}

/** Lines of a child's output, and what it complained of. */
function start({ command: [program, ...args] }: Contestant, environment: Record<string, string>) {
  const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  let complaint = ''
  child.stderr.on('data', (data) => {
    complaint = `${complaint}${data}`.slice(-4_000)
  })
  const output = createInterface(child.stdout)
  const ready = new Promise<void>((resolve, reject) => {
    output.on('line', (line) => (line === 'ready' ? resolve() : lines.push(line)))
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}: ${complaint}`)))
  })
  return { child, ready, lines }
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

/** Resolves when the group has settled with so many members. */
async function settled(kafka: TestKafka, groupId: string, members: number): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    const { groups } = await kafka.admin.describeGroups([groupId])
    if (groups[0]?.state === 'Stable' && groups[0].members.length === members) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`the group ${groupId} did not settle with ${members} members`)
}

/** Starts the copies, waits until they share the partitions, fills the topic and lets them work it off. */
export async function runContestant(
  contestant: Contestant,
  kafka: TestKafka,
  texts: readonly AcknowledgedText[],
): Promise<PeerCost> {
  const topics: TestTopics = await kafka.createTopics({ partitions: 6 })
  const environment = {
    BROKERS: kafka.brokers,
    GROUP: topics.groupId,
    INPUT: topics.input,
    OUTPUT: topics.output,
  }
  const copies = Array.from({ length: contestant.processes }, () => start(contestant, environment))
  try {
    await Promise.all(copies.map(({ ready }) => ready))
    await settled(kafka, topics.groupId, copies.length)
    await kafka.produce(topics.input, texts, ({ id, text }) => JSON.stringify({ id, text }))
    await kafka.drained(topics)
  } finally {
    await Promise.all(copies.map(({ child }) => (child.exitCode === null ? stop(child) : undefined)))
  }
  const taken = copies.map(({ lines }) => JSON.parse(lines.at(-1) ?? '{}') as Taken).filter(({ texts }) => texts)
  const counted = taken.reduce((sum, cost) => sum + (cost.texts ?? 0), 0)
  if (counted !== texts.length) throw new Error(`${contestant.name} scored ${counted} of ${texts.length} texts`)
  return {
    texts: counted,
    wallSeconds:
      Math.max(...taken.map(({ endedAt }) => endedAt)) - Math.min(...taken.map(({ startedAt }) => startedAt)),
    cpuSeconds: taken.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  }
}
