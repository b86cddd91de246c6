import { readFile } from 'node:fs/promises'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterEach, describe, expect, it } from 'vitest'

afterEach(killAllProcessors)

interface Start {
  readonly environment: Readonly<Record<string, string>>
  readonly flags: readonly string[]
}

/** What the running process was really started with. */
async function startOf(environment: Readonly<Record<string, string>>): Promise<Start> {
  const tiny = await writeTinyModel()
  const ports = { VALENCE_HTTP_PORT: '0', VALENCE_AUTH_MODE: 'none' }
  const facade = await new ProcessorProcess({ VALENCE_MODEL: tiny.folder, ...ports, ...environment }, 'serve').started()
  const read = async (file: string) => (await readFile(`/proc/${facade.pid}/${file}`, 'utf8')).split('\0')
  const [lines, words] = [await read('environ'), await read('cmdline')]
  expect(await facade.stop()).toBe(0)
  await tiny.remove()
  return {
    environment: Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    ),
    flags: words.filter((word) => word.startsWith('--heap')),
  }
}

describe.runIf(process.platform === 'linux')('a service', () => {
  it('runs with bounds for the allocator and the heap, under the process id it was started with', async () => {
    expect(await startOf({})).toMatchObject({
      environment: {
        MALLOC_TRIM_THRESHOLD_: '131072',
        MALLOC_MMAP_THRESHOLD_: '131072',
        NODE_OPTIONS: '--max-semi-space-size=8',
      },
      flags: ['--heap-growing-percent=40'],
    })
  })

  it("keeps an operator's own bounds", async () => {
    const { environment: own, flags } = await startOf({ MALLOC_MMAP_THRESHOLD_: '1048576' })
    expect([own.MALLOC_MMAP_THRESHOLD_, own.MALLOC_TRIM_THRESHOLD_, flags]).toEqual(['1048576', undefined, []])
    const { environment: options } = await startOf({ NODE_OPTIONS: '--max-semi-space-size=16' })
    expect(options.NODE_OPTIONS).toBe('--max-semi-space-size=8 --max-semi-space-size=16')
  })
})
