import { awaitReady, checkGolden, observe, watch } from './gates.ts'
import type { Gates, Platform, Release } from './release.ts'

export type SwitchOver =
  | { readonly outcome: 'switched' }
  | { readonly outcome: 'rolled back'; readonly reason: string }
  /** The new release is live, but stopping the old one failed. */
  | { readonly outcome: 'switched, old release not drained'; readonly reason: string }

/**
 * Replaces the live release by a new one. Both are members of one consumer group and share its partitions; HTTP
 * requests
 * move with one switch. If a gate's condition is not met, or on any error, the old release is restored.
 */
export async function switchOver(platform: Platform, gates: Gates, say: (line: string) => void): Promise<SwitchOver> {
  const { live } = platform
  let candidate: Release | undefined
  let isSwitched = false
  try {
    say(`${live.name} is live; bringing up the new release`)
    candidate = await platform.bringUp()
    say(`ready: ${await awaitReady(candidate, gates)}`)
    say(`golden: ${await checkGolden(platform, candidate, gates)}`)
    for (const line of await observe(live, candidate, gates)) say(line)
    isSwitched = true
    await platform.switchTo(candidate)
    say(`requests go to ${candidate.name}`)
    say(await watch(candidate, gates))
  } catch (error) {
    const reason = (error as Error).message
    say(`FAILED ${reason}; rolling back`)
    if (isSwitched) await platform.switchTo(live)
    if (candidate) await platform.drain(candidate).catch((cause: Error) => say(`not drained: ${cause.message}`))
    say(`${live.name} is live, as before`)
    return { outcome: 'rolled back', reason }
  }
  try {
    await platform.drain(live)
    say(`${live.name} is drained; ${candidate.name} is live`)
    return { outcome: 'switched' }
  } catch (error) {
    const reason = (error as Error).message
    say(`${live.name} was not drained: ${reason}; ${candidate.name} is live`)
    return { outcome: 'switched, old release not drained', reason }
  }
}
