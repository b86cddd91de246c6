import type { FaultKind } from './fault-kind.ts'
import { quietBound } from './quiet-bound.ts'

/** One kind after the other, so that they share a scene. */
export function inTurn(kinds: readonly [FaultKind, ...FaultKind[]]): FaultKind {
  let nth = 0
  return {
    fault: kinds.map(({ fault }) => fault).join(', then '),
    quiet: quietBound(...kinds.flatMap(({ quiet }) => quiet.waits)),
    lastTexts: kinds.map(({ lastTexts }) => lastTexts?.[0] ?? 'before'),
    environment: Object.assign({}, ...kinds.map(({ environment }) => environment)),
    async inject(scene) {
      const kind = kinds[nth % kinds.length] ?? kinds[0]
      const what = await kind.inject(scene)
      // One that did not happen is tried again.
      if (what !== undefined) nth += 1
      return what
    },
  }
}
