/** A class of kafkajs whose objects keep a point in time, epoch milliseconds, in a property. */
export interface TimedClass {
  readonly prototype: object
}

/**
 * Hunk R. kafkajs compares points in time with the clock of the machine. Where that is set back by an hour, a consumer
 * sends no heartbeat and commits nothing for an hour, a request without an answer does not time out, and metadata stay as
 * they are.
 * Here the property keeps its distance from now by a clock that cannot be set, whatever the machine's clock does.
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
