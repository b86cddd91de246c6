import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { awaitAnswer } from '../../../local/await-answer.ts'
import { PortTakenError } from '../../../local/free-port.ts'
import type { PartEnd } from '../../../local/supervisor-protocol.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const refused = () => Promise.reject(new Error('connect ECONNREFUSED'))
const never = new Promise<PartEnd>(() => {})

async function part(log: string, ended: Promise<PartEnd>) {
  const file = join(await temporaryFolder(), 'part.log')
  await writeFile(file, log)
  return { name: 'redis', pid: 1, log: file, ended, kill: async () => {}, stop: async () => {} }
}

test('asks until there is an answer', async () => {
  const probe = vi.fn<() => Promise<void>>().mockImplementationOnce(refused).mockResolvedValue()
  await awaitAnswer(await part('', never), probe)
  expect(probe).toHaveBeenCalledTimes(2)
})

test('a part that ends first is an error with the end of its log', async () => {
  const log = Array.from({ length: 100 }, (_, i) => `line ${i + 1}`).join('\n')
  const ended = Promise.resolve({ code: 1, reason: 'exit code 1' })
  const failure = await awaitAnswer(await part(log, ended), refused).catch((error: Error) => error)
  const lines = (failure as Error).message.split('\n')
  expect(lines[0]).toBe('redis ended (exit code 1) before it answered:')
  expect(lines.at(1)).toBe('    line 86')
  expect(lines.at(-1)).toBe('    line 100')
})

test.each([
  'org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:29092: Address already in use.',
  'Could not create server TCP listening socket 127.0.0.1:26379: bind: Address already in use',
  'Port 28080 seems to be in use by another process. Quarkus may already be running',
])('a taken port is told apart: %s', async (line) => {
  const ended = Promise.resolve({ code: 1, reason: 'exit code 1' })
  const started = awaitAnswer(await part(`${line}\n${'at somewhere\n'.repeat(50)}`, ended), refused)
  await expect(started).rejects.toBeInstanceOf(PortTakenError)
})

test('a part that never answers is given up', async () => {
  await expect(awaitAnswer(await part('', never), refused, 100)).rejects.toThrow('redis does not answer after 0.1 s')
})
