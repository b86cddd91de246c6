import { type ChildProcess, spawn } from 'node:child_process'
import { afterEach, expect, it, vi } from 'vitest'
import { ProcessorPool } from '../../../src/services/processor-pool.ts'

const pools: ProcessorPool[] = []

function createPool(script = 'setInterval(() => {}, 1_000)') {
  const started: number[] = []
  const ended: number[] = []
  const children: ChildProcess[] = []
  const pool = new ProcessorPool({
    restartAfterMs: 10,
    start(place) {
      started.push(place)
      const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
      children.push(child)
      return child
    },
    onExit: (place) => ended.push(place),
  })
  pools.push(pool)
  return { pool, started, ended, children }
}

afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())))

it('starts what is missing and stops the newest first', async () => {
  const { pool, started, ended } = createPool()
  pool.resize(3)
  expect(started).toEqual([0, 1, 2])
  pool.resize(1)
  expect(pool.running).toBe(1)
  await vi.waitFor(() => expect(ended.toSorted()).toEqual([1, 2]))
  expect(pool.running).toBe(1)
})

it('gives a place to one at a time, also while its last one still stops', async () => {
  const slow = "process.on('SIGTERM', () => setTimeout(() => process.exit(), 300)); setInterval(() => {}, 1_000)"
  const { pool, started, children } = createPool(slow)
  pool.resize(2)
  pool.resize(1)
  pool.resize(2)
  expect(started).toEqual([0, 1, 2])
  expect(children).toHaveLength(3)
  await pool.close()
  expect(pool.running).toBe(0)
})

it('starts one again that ended by itself', async () => {
  const { pool, started, children } = createPool()
  pool.resize(1)
  children[0]?.kill('SIGKILL')
  await vi.waitFor(() => expect(started).toEqual([0, 0]))
  expect(pool.running).toBe(1)
})
