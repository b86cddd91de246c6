/** How many texts have at most so many tokens, and more than the step before. */
export interface LengthStep {
  readonly upTo: number
  readonly texts: number
}

/** A histogram in powers of two from 8 on, as far as the longest text goes. */
export function tokenLengths(lengths: readonly number[]): LengthStep[] {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0)
  const steps: LengthStep[] = []
  for (let [above, upTo] = [0, 8]; above < longest; [above, upTo] = [upTo, upTo * 2])
    steps.push({ upTo, texts: lengths.filter((length) => length > above && length <= upTo).length })
  return steps
}
