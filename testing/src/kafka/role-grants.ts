import type { Grant } from './secured-kafka.ts'

/** The names that grants are made for. */
export interface GrantedNames {
  readonly input: string
  readonly output: string
  readonly deadLetters: string
  readonly groupId: string
}

/** Exactly what each role needs; the table of docs/security.md is checked against this. Read and Write imply Describe. */
export const roleGrants = {
  processor: ({ input, output, deadLetters, groupId }): Grant[] => [
    { resource: 'topic', name: input, operation: 'Read' },
    { resource: 'topic', name: output, operation: 'Write' },
    { resource: 'topic', name: deadLetters, operation: 'Write' },
    { resource: 'group', name: groupId, operation: 'Read' },
    { resource: 'transactional id', name: `${groupId}.`, prefix: true, operation: 'Write' },
  ],
  'facade, producing': ({ input }): Grant[] => [{ resource: 'topic', name: input, operation: 'Write' }],
  'facade, streaming': ({ output, groupId }): Grant[] => [
    { resource: 'topic', name: output, operation: 'Read' },
    { resource: 'group', name: `${groupId}-stream-`, prefix: true, operation: 'Read' },
  ],
  'dlq replay': ({ input, deadLetters, groupId }): Grant[] => [
    { resource: 'topic', name: deadLetters, operation: 'Read' },
    { resource: 'topic', name: deadLetters, operation: 'Write' },
    { resource: 'topic', name: input, operation: 'Write' },
    { resource: 'group', name: `${groupId}.`, prefix: true, operation: 'Read' },
    { resource: 'transactional id', name: `${groupId}.replay`, prefix: true, operation: 'Write' },
  ],
  'SDK producer': ({ input }): Grant[] => [{ resource: 'topic', name: input, operation: 'Write' }],
  'SDK score consumer': ({ output, groupId }): Grant[] => [
    { resource: 'topic', name: output, operation: 'Read' },
    { resource: 'group', name: groupId, operation: 'Read' },
  ],
} as const satisfies Record<string, (names: GrantedNames) => Grant[]>
