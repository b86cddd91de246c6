import type { Admin } from '@valence/producer-sdk/kafka'
import { expect, it } from 'vitest'
import { readConfig } from '../../../../src/config/config.ts'
import { ResultCounter } from '../../../../src/jobs/bulk/job-results.ts'

/** An admin client whose topics have one partition, without a leader for the first `looks` at it. */
function adminWith(looks: number) {
  let asked = 0
  const admin: Pick<Admin, 'fetchTopicOffsets'> = {
    async fetchTopicOffsets() {
      asked += 1
      const end = asked <= looks ? '-1' : '7'
      return [{ partition: 0, offset: end, high: end, low: asked <= looks ? '-1' : '0' }]
    },
  }
  return { admin: admin as Admin, asked: () => asked }
}

it('results are counted once every partition has a leader', async () => {
  const { admin, asked } = adminWith(2)
  await new ResultCounter(readConfig({}), admin).begin(undefined)
  // Both topics, and two looks more at the first.
  expect(asked()).toBe(4)
})
