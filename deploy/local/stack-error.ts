/** What is missing on this machine, and how to get it: the first line names the fact, the others the remedies. */
export class StackError extends Error {
  constructor(problem: string, remedies: readonly string[], options?: { cause?: unknown }) {
    super([problem, ...remedies.map((remedy) => `  - ${remedy}`)].join('\n'), options)
    this.name = 'StackError'
  }
}
