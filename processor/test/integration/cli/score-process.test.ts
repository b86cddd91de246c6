import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllCommands, runCliProcess, startCli } from '@valence/testing/processes/cli-process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

let model: Awaited<ReturnType<typeof writeTinyModel>>
let environment: Record<string, string>

beforeAll(async () => {
  model = await writeTinyModel()
  environment = { VALENCE_MODEL: model.folder, VALENCE_INFERENCE_WORKERS: '1' }
})
afterEach(killAllCommands)
afterAll(() => model.remove())

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

describe('valence score as a process', () => {
  it('scores with the packaged model, from cold, and needs nothing running', async () => {
    const spent: number[] = []
    const bare: number[] = []
    // The first start fills the compile cache, and the machine may be busy: the best of several counts.
    for (let start = 0; start < 4; start += 1) {
      bare.push(await timed(() => promisify(execFile)(process.execPath, ['-e', '0'])))
      spent.push(
        await timed(async () => {
          const { code, stdout, stderr } = await runCliProcess(['score'], { input: 'I love it\n' })
          expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
          expect(JSON.parse(stdout)).toMatchObject({ id: '1', label: 'positive' })
        }),
      )
    }
    // On an idle machine a second is plenty; on a crowded one, starting Node.js alone tells how crowded it is.
    expect(Math.min(...spent)).toBeLessThan(Math.max(1_000, 30 * Math.min(...bare)))
  })

  it('prints colours and bars to nobody', async () => {
    const { stdout, stderr } = await runCliProcess(['score', 'good', ''], { environment })
    expect(stdout + stderr).not.toContain('\u001b')
  })

  it('answers line by line while its input stays open', async () => {
    const { child, ended } = startCli(['score'], { environment })
    for (const text of ['good', 'bad']) {
      child.stdin.write(`${text}\n`)
      const [line] = await once(child.stdout, 'data')
      expect(JSON.parse(line)).toMatchObject({ label: text === 'good' ? 'positive' : 'negative' })
    }
    child.stdin.end()
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  it('ends well when its reader has seen enough', async () => {
    const { child, ended } = startCli(['score'], { environment })
    const write = () => child.stdin.write('good\n'.repeat(2_000))
    child.stdin.on('drain', write)
    write()
    await once(child.stdout, 'data')
    child.stdout.destroy()
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  it('stops on Ctrl-C, with what was scored until then', async () => {
    const { child, ended } = startCli(['score'], { environment })
    child.stdin.write('good\n')
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    expect(code).toBe(1)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain('stopped after 1 text')
  })

  it('holds a bounded part of an endless input', async () => {
    const { child, ended } = startCli(['score'], { environment })
    let written = 0
    const chunk = 'good\n'.repeat(1_000)
    // Nobody reads what it prints, so it must stop reading.
    child.stdout.pause()
    const write = () => {
      do written += chunk.length
      while (child.stdin.write(chunk) && written < 64e6)
    }
    child.stdin.on('drain', write)
    write()
    let before = -1
    while (before !== written) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 1_500))
    }
    expect(written).toBeLessThan(8e6)
    child.kill('SIGKILL')
    await ended
  })
})
