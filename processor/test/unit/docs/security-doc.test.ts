import { readFileSync } from 'node:fs'
import { roleGrants } from '@valence/testing/kafka/role-grants'
import { expect, it } from 'vitest'

const page = readFileSync(new URL('../../../../docs/security.md', import.meta.url), 'utf8')
const section = page.split(/^## /m).find((text) => text.startsWith('Kafka: ACLs')) ?? ''

/** The rows of the table without its head. */
const documented = [...section.matchAll(/^\| (.+) \|$/gm)]
  .map(([, row = '']) => row.split('|').map((cell) => cell.trim()))
  .slice(2)

const names = {
  input: 'VALENCE_INPUT_TOPICS',
  output: 'VALENCE_OUTPUT_TOPIC',
  deadLetters: 'VALENCE_DEAD_LETTER_TOPIC',
  groupId: 'VALENCE_KAFKA_GROUP_ID',
}

it('docs/security.md lists the ACLs that are tested, and no other', () => {
  const tested = Object.entries(roleGrants).flatMap(([role, grantsOf]) =>
    grantsOf(names).map(({ operation, resource, name, prefix }) => [
      role,
      operation,
      `${resource} ${name}${prefix ? '…' : ''}`,
    ]),
  )
  expect(documented).toEqual(tested)
})
