import type { FaultKind } from './fault-kind.ts'
import type { Scene } from './scene.ts'

/** Another one each time, in the order given and then from the start; the processors are those of the mixture. */
export function oneAfterAnother(fault: string, kinds: readonly FaultKind[], rest: Partial<FaultKind> = {}): FaultKind {
  let next = 0
  return {
    fault,
    ...rest,
    async inject(scene) {
      const kind = kinds[next % kinds.length] as FaultKind
      next += 1
      return describe(kind, scene)
    },
  }
}

async function describe(kind: FaultKind, scene: Scene): Promise<string> {
  return `${kind.fault}: ${await kind.inject(scene)}`
}
