import type * as Commit from '@valence/processor/pipeline/commit'
import type * as Prepare from '@valence/processor/pipeline/prepare'

/**
 * Stands in for the steps of the pipeline in a processor under test that does not notice a failed commit before the next
 * slice of its partition comes: as it would be if the commit were only awaited then.
 */
const real = (step: string) => import(new URL(`../../../processor/dist/pipeline/${step}.js`, import.meta.url).href)
const { createCommitStep: createRealCommit }: typeof Commit = await real('commit')
const { createPrepareStep: createRealPrepare }: typeof Prepare = await real('prepare')

interface LastSlice {
  readonly nextOffset: bigint
  readonly followed: PromiseWithResolvers<void>
}

const lastSlices = new Map<string, LastSlice>()

export function createPrepareStep(...options: Parameters<typeof createRealPrepare>): Prepare.PrepareStep {
  const prepare = createRealPrepare(...options)
  return (from, slice, ...rest) => {
    const name = `${from.topic}-${from.partition}`
    lastSlices.get(name)?.followed.resolve()
    lastSlices.set(name, { nextOffset: slice.nextOffset, followed: Promise.withResolvers() })
    return prepare(from, slice, ...rest)
  }
}

export function createCommitStep(...options: Parameters<typeof createRealCommit>): Commit.CommitStep {
  const commit = createRealCommit(...options)
  return async (session, publication) => {
    try {
      await commit(session, publication)
    } catch (error) {
      const { from, slice } = publication
      const last = lastSlices.get(`${from.topic}-${from.partition}`)
      if (last?.nextOffset === slice.nextOffset) await last.followed.promise
      throw error
    }
  }
}
