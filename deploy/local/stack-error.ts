/** Something is missing on this machine: the first line states what, the others the remedies. */
export class StackError extends Error {
  constructor(problem: string, remedies: readonly string[], options?: { cause?: unknown }) {
    super([problem, ...remedies.map((remedy) => `  - ${remedy}`)].join('\n'), options)
    this.name = 'StackError'
  }
}
