/** The next of 1, 2, 5, 10, 20, … that is not below the value: an axis that ends on a round number. */
export function roundUp(value: number): number {
  if (value <= 0) return 1
  const magnitude = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5, 10].find((step) => step * magnitude >= value) ?? 10) * magnitude
}

/** A number as it stands beside an axis. */
export function axisLabel(value: number): string {
  return value >= 1_000 ? value.toLocaleString('en') : String(Number(value.toPrecision(3)))
}
