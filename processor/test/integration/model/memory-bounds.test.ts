import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { killAllProcessors, ProcessorProcess } from '../../support/processor-process.ts'
import { writeTinyModel } from '../../support/tiny-model.ts'

afterEach(killAllProcessors)

/** What the running process was really started with. */
async function environmentOf(environment: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const tiny = await writeTinyModel()
  const ports = { VALENCE_HTTP_PORT: '0', VALENCE_AUTH_MODE: 'none' }
  const facade = await new ProcessorProcess({ VALENCE_MODEL: tiny.folder, ...ports, ...environment }, 'serve').started()
  const text = await readFile(`/proc/${facade.pid}/environ`, 'utf8')
  expect(await facade.stop()).toBe(0)
  await tiny.remove()
  return Object.fromEntries(
    text.split('\0').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

describe.runIf(process.platform === 'linux')('a service', () => {
  it('runs with bounds for the allocator and the young generation, under the process id it was started with', async () => {
    expect(await environmentOf({})).toMatchObject({
      MALLOC_TRIM_THRESHOLD_: '131072',
      MALLOC_MMAP_THRESHOLD_: '131072',
      NODE_OPTIONS: '--max-semi-space-size=4',
    })
  })

  it("keeps an operator's own bounds", async () => {
    const own = await environmentOf({ MALLOC_MMAP_THRESHOLD_: '1048576' })
    expect([own.MALLOC_MMAP_THRESHOLD_, own.MALLOC_TRIM_THRESHOLD_]).toEqual(['1048576', undefined])
    const options = await environmentOf({ NODE_OPTIONS: '--max-semi-space-size=8' })
    expect(options.NODE_OPTIONS).toBe('--max-semi-space-size=4 --max-semi-space-size=8')
  })
})
