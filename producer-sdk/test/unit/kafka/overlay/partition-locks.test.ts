import { describe, expect, it } from 'vitest'
import { PartitionLocks } from '../../../../src/kafka/overlay/partition-locks.ts'

const at = (...partitions: number[]) => partitions.map((partition) => ({ topic: 't', partition }))

/** Who holds what, in the order of entering and leaving. */
async function run(locks: PartitionLocks, name: string, partitions: number[], history: string[]): Promise<void> {
  const release = await locks.acquire(at(...partitions))
  history.push(`${name} enters`)
  await new Promise(setImmediate)
  history.push(`${name} leaves`)
  release()
}

describe('PartitionLocks', () => {
  it('lets one holder in at a time, in the order of asking', async () => {
    const history: string[] = []
    const locks = new PartitionLocks()
    await Promise.all(['a', 'b', 'c'].map((name) => run(locks, name, [0], history)))
    expect(history).toEqual(['a enters', 'a leaves', 'b enters', 'b leaves', 'c enters', 'c leaves'])
  })

  it('lets holders of different partitions in together', async () => {
    const history: string[] = []
    const locks = new PartitionLocks()
    await Promise.all([run(locks, 'a', [0], history), run(locks, 'b', [1], history)])
    expect(history.slice(0, 2)).toEqual(['a enters', 'b enters'])
  })

  it('does not deadlock on partitions named in different orders', async () => {
    const history: string[] = []
    const locks = new PartitionLocks()
    const runs = [run(locks, 'a', [0, 1], history), run(locks, 'b', [1, 0], history), run(locks, 'c', [2, 0], history)]
    await Promise.all(runs)
    expect(history).toHaveLength(6)
    expect(history.indexOf('b enters')).toBeGreaterThan(history.indexOf('a leaves'))
  })

  it('queues callers in the order of their calls, although some take longer to know what they need', async () => {
    const locks = new PartitionLocks()
    const history: string[] = []
    const enter = async (name: string, turns: number) => {
      const { partitions, release } = await locks.acquireAfter(async () => {
        for (let i = 0; i < turns; i += 1) await new Promise(setImmediate)
        return at(0)
      })
      history.push(name + partitions.length)
      release()
    }
    await Promise.all([enter('a', 9), enter('b', 3), enter('c', 0)])
    expect(history).toEqual(['a1', 'b1', 'c1'])
  })

  it('goes on after a caller that could not find out', async () => {
    const locks = new PartitionLocks()
    const failed = locks.acquireAfter(async () => Promise.reject(new Error('no metadata')))
    const { release } = await locks.acquireAfter(async () => at(0))
    await expect(failed).rejects.toThrow('no metadata')
    release()
  })

  it('can be taken again after it was free', async () => {
    const locks = new PartitionLocks()
    for (let i = 0; i < 3; i += 1) (await locks.acquire(at(0)))()
    await expect(locks.acquire(at(0))).resolves.toBeTypeOf('function')
  })
})
