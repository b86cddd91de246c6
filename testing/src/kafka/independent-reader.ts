import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A record as an independent client read it. */
export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}

interface KcatRecord {
  readonly partition: number
  readonly offset: number
  readonly ts: number
  readonly key: string | null
  readonly payload: string | null
  readonly headers?: readonly string[]
}

/**
 * Reads a topic to its end with kcat, isolation level read_committed. Never with kafkajs: a reader that shares our
 * client could share its mistakes.
 */
export async function readCommitted(brokers: string, topic: string): Promise<ReadRecord[]> {
  const settings = ['-X', 'isolation.level=read_committed', '-X', 'fetch.wait.max.ms=50', '-X', 'check.crcs=true']
  const args = ['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-J', ...settings]
  const { stdout } = await run('kcat', args, { maxBuffer: 1 << 30 }).catch((cause) => {
    if (cause.code === 'ENOENT')
      throw new Error('kcat is missing: install it (Debian: apt-get install kcat)', { cause })
    throw cause
  })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => toRecord(JSON.parse(line)))
}

const settleMs = 10_000

/**
 * The same, once more while there is less than expected: the marker of a commit reaches one partition after the other, so
 * that the group's offset may tell of a transaction that another partition does not show yet.
 */
export async function readSettled(brokers: string, topic: string, expected: number): Promise<ReadRecord[]> {
  const deadline = Date.now() + settleMs
  for (;;) {
    const records = await readCommitted(brokers, topic)
    if (records.length >= expected || Date.now() > deadline) return records
  }
}

function toRecord({ partition, offset, ts, key, payload, headers = [] }: KcatRecord): ReadRecord {
  const pairs = Array.from({ length: headers.length / 2 }, (_, index) => headers.slice(2 * index, 2 * index + 2))
  return { partition, offset, timestamp: ts, key, value: payload, headers: Object.fromEntries(pairs) }
}
