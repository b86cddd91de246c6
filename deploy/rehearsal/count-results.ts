import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

export interface ResultCounts {
  readonly acknowledged: number
  readonly results: number
  readonly lost: readonly string[]
  readonly doubled: number
}

/** Ids of the committed records of a topic, read with kcat, which shares no code with Valence. */
async function readIds(brokers: string, topic: string): Promise<string[]> {
  const args = ['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-X', 'isolation.level=read_committed']
  const { stdout } = await promisify(execFile)('kcat', args, { maxBuffer: 1 << 30 }).catch((cause) => {
    throw cause.code === 'ENOENT'
      ? new Error('kcat is missing: install it (Debian: apt-get install kcat)', { cause })
      : cause
  })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).id as string)
}

function compare(acknowledged: readonly string[], ids: readonly string[]): ResultCounts {
  const found = new Set(ids)
  return {
    acknowledged: acknowledged.length,
    results: ids.length,
    lost: acknowledged.filter((id) => !found.has(id)),
    doubled: ids.length - found.size,
  }
}

/** Waits until every acknowledged text has a result, or no result has arrived for `stillMs`; then counts again. */
export async function countResults(
  brokers: string,
  topic: string,
  acknowledged: readonly string[],
  stillMs = 60_000,
): Promise<ResultCounts> {
  let last = { results: -1, at: Date.now() }
  for (;;) {
    const counts = compare(acknowledged, await readIds(brokers, topic))
    if (counts.results !== last.results) last = { results: counts.results, at: Date.now() }
    if (counts.lost.length === 0 || Date.now() - last.at > stillMs) break
    await delay(500)
  }
  // Duplicates would arrive now.
  await delay(1_000)
  return compare(acknowledged, await readIds(brokers, topic))
}
