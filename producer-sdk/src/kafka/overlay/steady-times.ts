/** A class of kafkajs whose objects keep a point in time, epoch milliseconds, in a property. */
export interface TimedClass {
  readonly prototype: object
}

/**
 * Hunk R. kafkajs compares timestamps of the wall clock. If the clock is set back by an hour, a consumer sends no
 * heartbeat and commits no offset for an hour, requests do not time out, and metadata are not refreshed. Here the
 * property is computed from the monotonic clock, so that its difference to the current time stays correct.
 */
export function keepSteady({ prototype }: TimedClass, property: string): void {
  const times = new WeakMap<object, unknown>()
  Object.defineProperty(prototype, property, {
    configurable: true,
    get(this: object) {
      const at = times.get(this)
      return typeof at === 'number' ? Date.now() + (at - performance.now()) : at
    },
    set(this: object, value: unknown) {
      times.set(this, typeof value === 'number' ? performance.now() + (value - Date.now()) : value)
    },
  })
}
