import { execFile } from 'node:child_process'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { layOutImage } from '../../support/image-tree.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const run = promisify(execFile)

test('what the image holds is enough to run every role', { timeout: 60_000 }, async () => {
  const root = join(await realpath(await temporaryFolder()), 'opt', 'valence')
  await layOutImage(root)
  expect((await readdir(root)).sort()).toEqual(
    ['.npmrc', 'LICENSE', 'healthcheck.mjs', 'node_modules', 'package-lock.json', 'package.json'].concat(
      ...['processor', 'producer-sdk', 'schemas'],
    ),
  )
  const delivered = await readdir(root, { recursive: true, withFileTypes: true })
  const source = delivered.filter(({ name, parentPath }) => /\.ts$/.test(name) && !parentPath.includes('node_modules'))
  expect(source).toEqual([])

  const valence = join(root, 'processor', 'bin', 'valence.js')
  const env = { PATH: process.env.PATH, HOME: root, ORT_DISABLE_TELEMETRY: '1' }
  const help = await run(process.execPath, [valence, '--help'], { cwd: root, env })
  expect(help.stdout).toContain('Exactly-once sentiment for Kafka')
  // The commands that wait for Kafka get no further than loading what they need: an unknown setting stops them there.
  for (const role of [['process'], ['serve'], ['topics', 'create'], ['schemas', 'register']]) {
    const failing = run(process.execPath, [valence, ...role], { cwd: root, env: { ...env, VALENCE_NONSENSE: '1' } })
    await expect(failing, role.join(' ')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('VALENCE_NONSENSE is not a setting'),
    })
  }
  const scored = await run(process.execPath, [valence, 'score', 'I love it'], { cwd: root, env })
  expect(JSON.parse(scored.stdout)).toMatchObject({ label: 'positive' })
})
