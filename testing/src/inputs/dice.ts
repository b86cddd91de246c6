import { createRandom } from './random.ts'

/** Whole random numbers from a seed. */
export interface Dice {
  /** 0 up to but not including `below`. */
  int(below: number): number
  pick<T>(items: readonly T[]): T
}

export function createDice(seed: number): Dice {
  const random = createRandom(seed)
  const int = (below: number) => Math.floor(random() * below)
  return { int, pick: (items) => items[int(items.length)] as (typeof items)[number] }
}
