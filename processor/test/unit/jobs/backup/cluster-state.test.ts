import type { Admin } from '@valence/producer-sdk/kafka'
import { expect, it } from 'vitest'
import { readGroups } from '../../../../src/jobs/backup/cluster-state.ts'
import { throwawayGroup } from '../../../../src/kafka/group-names.ts'
import { writeNote } from '../../../../src/kafka/position-note.ts'

/** A cluster whose one group has committed these positions on `texts`. */
function groupWith(partitions: readonly { partition: number; offset: string; metadata: string | null }[]) {
  const admin: Pick<Admin, 'describeCluster' | 'listGroups'> & { fetchOffsets(): Promise<unknown> } = {
    describeCluster: async () => ({ brokers: [], controller: null, clusterId: 'here' }),
    listGroups: async () => ({
      groups: ['g', throwawayGroup('g')].map((groupId) => ({ groupId, protocolType: 'consumer' })),
    }),
    fetchOffsets: async () => [{ topic: 'texts', partitions }],
  }
  return admin as unknown as Admin
}

const noteOf = (topicId: string, clusterId = 'here') => writeNote({ topicId, found: 5 }, clusterId)

it('positions of an earlier topic of the name are left out, those of the topic itself and of unknown ones are kept', async () => {
  const admin = groupWith([
    { partition: 0, offset: '10', metadata: noteOf('new') },
    { partition: 1, offset: '11', metadata: noteOf('old') },
    { partition: 2, offset: '12', metadata: null },
    { partition: 3, offset: '13', metadata: noteOf('old', 'mirrored') },
    { partition: 4, offset: '-1', metadata: null },
  ])
  const kept = { 'texts-0': '10', 'texts-2': '12', 'texts-3': '13' }
  expect(await readGroups(admin, ['texts'], new Map([['texts', 'new']]))).toEqual({
    groups: { g: kept },
    lineProgress: {},
  })
})

it('the progress of a bulk job is kept with its position', async () => {
  const lineProgress = { lines: 4n, refused: 2, isFinished: true }
  const note = { found: 5, lineProgress }
  const admin = groupWith([
    { partition: 0, offset: '4', metadata: writeNote({ topicId: 'new', ...note }, 'here') },
    { partition: 1, offset: '4', metadata: writeNote({ topicId: 'old', ...note }, 'here') },
    { partition: 2, offset: '5', metadata: noteOf('new') },
  ])
  expect(await readGroups(admin, ['texts'], new Map([['texts', 'new']]))).toEqual({
    groups: { g: { 'texts-0': '4', 'texts-2': '5' } },
    lineProgress: { g: { 'texts-0': lineProgress } },
  })
})
