import { expect, test } from 'vitest'
import { assertNodeVersion } from '../../../local/node-version.ts'

test.each(['22.18.0', '24.21.0', '30.0.0'])('%s runs the stack', (version) => {
  expect(() => assertNodeVersion(version)).not.toThrow()
})

test.each(['20.20.2', '22.17.9'])('%s does not, and the message says what does', (version) => {
  expect(() => assertNodeVersion(version)).toThrow(
    new RegExp(`this is ${version}\n.*make, npm or npx.*\n.*node_modules/.bin/node`),
  )
})
