import { execFile } from 'node:child_process'
import { expect, inject, test } from 'vitest'
import { findFreePorts } from '../../../local/free-port.ts'
import { readComposeFile, serviceNamed } from '../../support/compose-file.ts'

const [, program = '', ...args] = serviceNamed(readComposeFile(), 'registry').healthcheck?.test ?? []

/** The health check of the Compose file, asked of another port: its exit status; 128 where a signal ended it. */
function check(port: string | number): Promise<number> {
  // Compose reads `$$` as `$`.
  const adapted = args.map((arg) => arg.replaceAll('$$', '$').replace('/8080', `/${port}`))
  return new Promise((resolve) => {
    execFile(program, adapted, (error) => resolve(error === null ? 0 : Number(error.code ?? 128)))
  })
}

test('a registry that answers is healthy', async () => {
  expect(await check(new URL(inject('stack').registryUrl).port)).toBe(0)
})

test('no registry, or something else on its port, is not', async () => {
  const [nobody = 0] = await findFreePorts(1)
  expect(await check(nobody)).not.toBe(0)
  expect(await check(inject('stack').brokers.split(':')[1] ?? '')).not.toBe(0)
})
