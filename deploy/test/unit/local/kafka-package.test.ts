import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatLogs } from '../../../local/kafka-package.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

async function fakePackage() {
  const folder = await temporaryFolder()
  const bootstrapCheckpoint = join(folder, 'bootstrap.checkpoint')
  await writeFile(bootstrapCheckpoint, 'feature levels')
  return { folder, kafka: { version: '0', classPath: '', bootstrapCheckpoint } }
}

test('a new log folder gets the identity of its node and the feature levels of the version', async () => {
  const { folder, kafka } = await fakePackage()
  const logs = join(folder, 'a node', 'data')
  await formatLogs(kafka, { logs, nodeId: 3, clusterId: 'MkU3OEVBNTcwNTJENDM2Qg' })
  expect((await readdir(logs)).sort()).toEqual(['bootstrap.checkpoint', 'meta.properties'])
  expect(await readFile(join(logs, 'meta.properties'), 'utf8')).toBe(
    'version=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qg\nnode.id=3\n',
  )
  expect(await readFile(join(logs, 'bootstrap.checkpoint'), 'utf8')).toBe('feature levels')
})

test('the log folder of a node that lived before is left as it is', async () => {
  const { folder, kafka } = await fakePackage()
  const logs = join(folder, 'data')
  await mkdir(logs)
  await writeFile(join(logs, 'meta.properties'), 'version=1\ncluster.id=old\nnode.id=1\n')
  await formatLogs(kafka, { logs, nodeId: 1, clusterId: 'new' })
  expect(await readFile(join(logs, 'meta.properties'), 'utf8')).toContain('cluster.id=old')
  expect(await readdir(logs)).toEqual(['meta.properties'])
})
