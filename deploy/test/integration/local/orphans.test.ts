import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { isAlive, survivors } from '../../support/process-state.ts'

const userScript = fileURLToPath(new URL('../../support/stack-user.ts', import.meta.url))

test('kill -9 of whoever started the stack leaves no broker, registry, Redis or supervisor behind', async () => {
  const user = spawn(process.execPath, [userScript], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, VALENCE_KAFKA_BROKERS: '', VALENCE_LOCAL_PROVIDER: 'processes' },
  })
  onTestFinished(() => void user.kill('SIGKILL'))
  const [line] = (await once(createInterface({ input: user.stdout }), 'line')) as [string]
  const { pids, environment } = JSON.parse(line) as { pids: number[]; environment: Record<string, string> }
  expect(Object.keys(environment).sort()).toEqual([
    'VALENCE_KAFKA_BROKERS',
    'VALENCE_REDIS_URL',
    'VALENCE_SCHEMA_REGISTRY_URL',
  ])
  expect(pids.filter(isAlive)).toHaveLength(4)
  user.kill('SIGKILL')
  expect(await survivors(pids, 5000)).toEqual([])
})
