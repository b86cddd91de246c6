/** ISO 8601 as docs/records.md lists it: date, and a time with its zone. */
const isoTime =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-]\d{2})(?::?(\d{2}))?))?$/

/** Epoch milliseconds, NaN where it is no time. The zone is required, or the meaning would depend on the machine. */
export function parseIsoTime(value: string): number {
  const [, date, time = '00:00', seconds = '00', fraction = '', hours, minutes = '00'] = isoTime.exec(value) ?? []
  if (date === undefined) return Number.NaN
  // Date.parse rolls 30 February over to March.
  const midnight = Date.parse(date)
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return Number.NaN
  const ms = fraction.slice(0, 3).padEnd(3, '0')
  return Date.parse(`${date}T${time}:${seconds}.${ms}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`)
}
