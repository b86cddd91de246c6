import { setTimeout as delay } from 'node:timers/promises'
import { GateError, type Gates, type Platform, type Release } from './release.ts'
import { type ReleaseMetrics, readMetrics, since } from './release-metrics.ts'

const pollMs = 250

/** Waits until every process is ready. */
export async function awaitReady({ adminUrls }: Release, { readyMs }: Gates): Promise<string> {
  const deadline = Date.now() + readyMs
  const isReady = (url: string) =>
    fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ ok }) => ok,
      () => false,
    )
  for (;;) {
    const ready = (await Promise.all(adminUrls.map(isReady))).filter(Boolean).length
    if (ready === adminUrls.length) return `${ready} of ${adminUrls.length} processes are ready`
    if (Date.now() > deadline) {
      throw new GateError('ready', `${ready} of ${adminUrls.length} processes are ready after ${readyMs} ms`)
    }
    await delay(pollMs)
  }
}

/** Checks that the release reproduces the golden scores of its manifest. */
export async function checkGolden(
  platform: Platform,
  release: Release,
  { golden, goldenTolerance }: Gates,
): Promise<string> {
  if (golden.length === 0) throw new GateError('golden', 'there are no golden texts')
  const answers = await platform.score(
    release,
    golden.map(({ text }) => text),
  )
  const worst = Math.max(
    ...golden.flatMap(({ scores }, index) =>
      Object.entries(scores).map(([label, score]) => {
        const distance = Math.abs((answers[index]?.[label] ?? Number.POSITIVE_INFINITY) - score)
        return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance
      }),
    ),
  )
  const message = `${golden.length} texts, off by ${worst.toFixed(4)} at most (allowed ${goldenTolerance})`
  if (worst > goldenTolerance) throw new GateError('golden', message)
  return message
}

const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)
const percent = (ratio: number) => `${(100 * ratio).toFixed(2)} %`

/** Shadow scoring uses spare CPU time; comparing enough texts may take this many times the observation time. */
const patience = 3

/** Compares the new release with the live one on live texts: dead letters, errors, agreement of the models. */
export async function observe(live: Release, candidate: Release, gates: Gates): Promise<readonly string[]> {
  const read = () => Promise.all([readMetrics(live), readMetrics(candidate)])
  const [oldBefore, ownBefore] = await read()
  for (let rounds = 1; ; rounds += 1) {
    await delay(gates.observeMs)
    const [oldNow, ownNow] = await read()
    const [old, own] = [since(oldBefore, oldNow), since(ownBefore, ownNow)]
    if (comparedBy(old, own) < gates.minCompared && rounds < patience) continue
    return [checkRejected(old, own, gates), checkAgreement(old, own, gates), checkServerErrors('errors', own, gates)]
  }
}

/** Either release may shadow the other. */
function comparedBy(old: ReleaseMetrics, own: ReleaseMetrics): number {
  return old.agreed + old.differed + own.agreed + own.differed
}

function checkRejected(old: ReleaseMetrics, own: ReleaseMetrics, { maxExtraRejected }: Gates): string {
  const [oldShare, ownShare] = [share(old.rejected, old.records), share(own.rejected, own.records)]
  const message = `${percent(ownShare)} of ${own.records} records dead-lettered, live ${percent(oldShare)} of ${old.records}`
  if (ownShare > oldShare + maxExtraRejected) throw new GateError('dead letters', message)
  return `dead letters: ${message}`
}

function checkAgreement(old: ReleaseMetrics, own: ReleaseMetrics, { minAgreement, minCompared }: Gates): string {
  const agreed = old.agreed + own.agreed
  const compared = comparedBy(old, own)
  const message = `${percent(share(agreed, compared))} of ${compared} compared texts`
  if (compared < minCompared) throw new GateError('agreement', `${compared} texts compared, ${minCompared} are needed`)
  if (compared > 0 && share(agreed, compared) < minAgreement) throw new GateError('agreement', message)
  return compared === 0 ? 'agreement: not compared' : `agreement: ${message}`
}

function checkServerErrors(gate: string, own: ReleaseMetrics, { maxServerErrors }: Gates): string {
  const message = `${own.serverErrors} of ${own.requests} requests answered with 5xx`
  if (share(own.serverErrors, own.requests) > maxServerErrors) throw new GateError(gate, message)
  return `${gate}: ${message}`
}

/** Watches the error rate of all requests after the switch. */
export async function watch(release: Release, gates: Gates): Promise<string> {
  const before = await readMetrics(release)
  await delay(gates.watchMs)
  return checkServerErrors('after the switch', since(before, await readMetrics(release)), gates)
}
