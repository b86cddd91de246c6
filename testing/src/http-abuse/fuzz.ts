import { createDice, type Dice } from '../inputs/dice.ts'
import { complaintsAbout } from './judge.ts'
import { abusiveBytes } from './mutations.ts'
import { plainRequests } from './plain-requests.ts'
import { exchange } from './raw-answers.ts'

export interface FuzzOptions {
  readonly port: number
  readonly seed: number
  readonly cases: number
  /** Name of the model that is served. */
  readonly model: string
  readonly clients?: number
}

export interface FuzzReport {
  /** How often each status was answered; 0 stands for a connection that ended, or was reset, without an answer. */
  readonly statuses: ReadonlyMap<number, number>
  /** What was wrong, with the bytes that did it: at most so many. */
  readonly complaints: readonly string[]
}

const maxComplaints = 20

function describe(bytes: Buffer): string {
  const shown = JSON.stringify(bytes.subarray(0, 600).toString('latin1'))
  return bytes.length > 600 ? `${shown} and ${bytes.length - 600} bytes more` : shown
}

/** Sends requests that are wrong in every way that a seed leads to, and judges what comes back. */
export async function fuzz({ port, seed, cases, model, clients = 24 }: FuzzOptions): Promise<FuzzReport> {
  const statuses = new Map<number, number>()
  const complaints: string[] = []
  const plain = plainRequests(model)
  let left = cases

  async function attack(dice: Dice): Promise<void> {
    const bytes = abusiveBytes(dice, plain)
    const pieceBytes = dice.pick([1, 7, 100, 1_000, 65_536, 65_536]) * Math.ceil(bytes.length / 20_000)
    const endsFirst = dice.int(4) === 0
    const result = await exchange(bytes, { port, pieceBytes, endsFirst })
    const seen = result.answers.length === 0 ? [0] : result.answers.map(({ status }) => status)
    for (const status of seen) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    for (const complaint of complaintsAbout(result, endsFirst)) {
      if (complaints.length < maxComplaints) complaints.push(`${complaint} to ${describe(bytes)}`)
    }
  }

  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const dice = createDice(seed + client)
      while (left-- > 0) await attack(dice)
    }),
  )
  return { statuses, complaints }
}
