/** One thing that must hold for the process to be ready. */
export interface HealthCheck {
  readonly name: string
  isHealthy(): boolean
  /** The process does its work without it: the check is shown, but does not make the process unready. */
  readonly optional?: boolean
  /** Shown while the check fails. */
  detail?(): unknown
}

export interface HealthReport {
  readonly healthy: boolean
  readonly checks: Readonly<Record<string, 'ok' | 'failing' | 'degraded'>>
  /** Of checks that fail and can tell more. */
  readonly details: Readonly<Record<string, unknown>>
}

/** Live until a fatal error was reported; ready while every check holds. */
export class Health {
  readonly #checks: HealthCheck[] = []
  #fatal: Error | undefined

  add(check: HealthCheck): void {
    this.#checks.push(check)
  }

  /** From here on the process is neither live nor ready. */
  fail(error: Error): void {
    this.#fatal ??= error
  }

  isLive(): boolean {
    return this.#fatal === undefined
  }

  readiness(): HealthReport {
    const checks = Object.fromEntries(
      this.#checks.map((check) => {
        const trouble = check.optional ? ('degraded' as const) : ('failing' as const)
        return [check.name, check.isHealthy() ? 'ok' : trouble] as const
      }),
    )
    const details = Object.fromEntries(
      this.#checks.flatMap((check) =>
        checks[check.name] === 'ok' || check.detail === undefined ? [] : [[check.name, check.detail()]],
      ),
    )
    return { healthy: this.isLive() && Object.values(checks).every((state) => state !== 'failing'), checks, details }
  }
}
