import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mayHaveContainerRuntime } from '../../../local/container-runtime.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

test.each(['DOCKER_HOST', 'DOCKER_CONTEXT', 'TESTCONTAINERS_HOST_OVERRIDE'])('%s points to an engine', (name) => {
  expect(mayHaveContainerRuntime({ [name]: 'something' })).toBe(true)
})

test('a settings file or a socket of the user points to an engine', async () => {
  for (const place of ['.testcontainers.properties', '.docker/run/docker.sock', '.docker/desktop/docker.sock']) {
    const HOME = await temporaryFolder()
    await mkdir(join(HOME, place, '..'), { recursive: true })
    await writeFile(join(HOME, place), '')
    expect(mayHaveContainerRuntime({ HOME })).toBe(true)
  }
})

test.skipIf(existsSync('/var/run/docker.sock'))('without any of them there is no need to ask', async () => {
  const folder = await temporaryFolder()
  expect(mayHaveContainerRuntime({ HOME: folder, XDG_RUNTIME_DIR: folder })).toBe(false)
})
