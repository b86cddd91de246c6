import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findFreePorts } from '../../../local/free-port.ts'
import { repositoryRoot } from '../../support/repository.ts'

const script = join(repositoryRoot, 'deploy', 'docker', 'healthcheck.mjs')

async function admin(answer: (path: string) => number): Promise<string> {
  const server = createServer((request, response) => response.writeHead(answer(request.url ?? '')).end('{}'))
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return String((server.address() as AddressInfo).port)
}

function check(port: string, ...args: readonly string[]): Promise<{ status: number; stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env: { VALENCE_ADMIN_PORT: port } }, (error, stdout) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 128), stdout })
    })
  })
}

test('healthy and not, by the path that is asked', async () => {
  const port = await admin((path) => (path === '/livez' ? 200 : 503))
  expect(await check(port)).toEqual({ status: 0, stdout: '200 {}\n' })
  expect(await check(port, '/livez')).toEqual({ status: 0, stdout: '200 {}\n' })
  expect(await check(port, '/readyz')).toEqual({ status: 1, stdout: '503 {}\n' })
})

test('nobody answers', async () => {
  const [port] = await findFreePorts(1)
  const { status, stdout } = await check(String(port))
  expect(status).toBe(1)
  expect(stdout).toContain('ECONNREFUSED')
})
