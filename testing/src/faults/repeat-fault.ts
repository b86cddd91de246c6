import type { FormRun } from './fault-form.ts'

/**
 * Lets a fault happen `times` times; one that could not be brought about is tried again, as often at most.
 * @param goesOn asked after each; false ends it
 * @returns whether it came to the end
 */
export async function repeatFault(
  { kind, times, say }: FormRun,
  strike: (nth: number) => Promise<string | undefined>,
  goesOn: () => Promise<boolean> = async () => true,
): Promise<boolean> {
  let misses = 0
  for (let happened = 0; happened < times; ) {
    const what = await strike(happened)
    if (what !== undefined) happened += 1
    else if (++misses > times) throw new Error(`${kind.fault}: could not be brought about`)
    say(what ?? 'did not happen, once more')
    if (!(await goesOn())) return false
  }
  return true
}
