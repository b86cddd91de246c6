import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stackEnvironment } from '../../../local/stack-environment.ts'
import { StackFile } from '../../../local/stack-file.ts'
import { repositoryRoot } from '../../support/repository.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const environment = {
  VALENCE_KAFKA_BROKERS: '127.0.0.1:20001,127.0.0.1:20002',
  VALENCE_SCHEMA_REGISTRY_URL: 'http://127.0.0.1:20003/apis/ccompat/v7',
}

test('lies in the root of the repository unless another root is given', async () => {
  expect(new StackFile().folder).toBe(join(repositoryRoot, '.stack'))
  const root = await temporaryFolder()
  expect(new StackFile(root).environmentFile).toBe(join(root, '.stack', 'env'))
})

test('what is written is read again, until it is removed', async () => {
  const file = new StackFile(await temporaryFolder())
  expect(await file.read()).toBeUndefined()
  await file.create()
  expect(await file.read()).toBeUndefined()
  const record = { pid: 4711, provider: 'processes', environment }
  await file.write(record)
  expect(await file.read()).toEqual(record)
  await file.remove()
  expect(existsSync(file.folder)).toBe(false)
  await file.remove()
})

test('a damaged record is an error, not an absent stack', async () => {
  const file = new StackFile(await temporaryFolder())
  await file.create()
  await writeFile(join(file.folder, 'stack.json'), '{"pid": 47')
  await expect(file.read()).rejects.toThrow(SyntaxError)
})

test('a shell loads the environment file, from a folder with a space in its name', async () => {
  const file = new StackFile(await temporaryFolder())
  await file.create()
  await file.write({ pid: 1, provider: 'processes', environment })
  expect(await readFile(file.environmentFile, 'utf8')).toMatch(/^VALENCE_KAFKA_BROKERS=.*\nVALENCE_SCHEMA_.*\n$/)
  const script = 'set -a; . "$1"; set +a; env | grep ^VALENCE_ | sort'
  const loaded = execFileSync('sh', ['-c', script, 'sh', file.environmentFile], { env: {}, encoding: 'utf8' })
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  expect(
    loaded
      .trim()
      .split('\n')
      .filter((line) => lines.includes(line)),
  ).toEqual(lines)
})

test('a part that is not there has no setting', () => {
  expect(stackEnvironment({ brokers: 'a:1', registryUrl: '', redisUrl: 'redis://b:2' })).toEqual({
    VALENCE_KAFKA_BROKERS: 'a:1',
    VALENCE_REDIS_URL: 'redis://b:2',
  })
})
