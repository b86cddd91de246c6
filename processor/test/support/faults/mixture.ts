import { createDice } from '../dice.ts'
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

/** Some at the same time, each with dice of its own: what they await must not decide what the others do. */
export function together(fault: string, kinds: readonly FaultKind[], atOnce: number): FaultKind {
  return {
    fault,
    async inject(scene) {
      const drawn = Array.from({ length: atOnce }, () => ({
        kind: scene.dice.pick(kinds),
        dice: createDice(scene.dice.int(2 ** 31)),
      }))
      const lines = await Promise.all(drawn.map(({ kind, dice }) => describe(kind, { ...scene, dice })))
      return lines.join(' + ')
    },
  }
}

async function describe(kind: FaultKind, scene: Scene): Promise<string> {
  return `${kind.fault}: ${await kind.inject(scene)}`
}
