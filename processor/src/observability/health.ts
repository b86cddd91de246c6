/** A condition of readiness. */
export interface HealthCheck {
  readonly name: string
  isHealthy(): boolean
  /** A failure is reported as `degraded` and does not make the process unready. */
  readonly optional?: boolean
  /** Details for the report while the check fails; any JSON value. */
  detail?(): unknown
}

export interface HealthReport {
  readonly healthy: boolean
  readonly checks: Readonly<Record<string, 'ok' | 'failing' | 'degraded'>>
  /** Check name → details, of failing checks that have some. */
  readonly details: Readonly<Record<string, unknown>>
}

/** Liveness: until a fatal error is reported. Readiness: live, and all checks that are not optional hold. */
export class Health {
  readonly #checks: HealthCheck[] = []
  #fatal: Error | undefined

  add(check: HealthCheck): void {
    this.#checks.push(check)
  }

  /** Reports a fatal error: the process is neither live nor ready from then on. */
  fail(error: Error): void {
    this.#fatal ??= error
  }

  isLive(): boolean {
    return this.#fatal === undefined
  }

  readiness(): HealthReport {
    const checks = Object.fromEntries(
      this.#checks.map((check) => {
        const failureState = check.optional ? ('degraded' as const) : ('failing' as const)
        return [check.name, check.isHealthy() ? 'ok' : failureState] as const
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
