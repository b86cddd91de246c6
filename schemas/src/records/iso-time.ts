/** The forms of ISO 8601 listed in docs/records.md: a date, or a date and time with zone. */
const isoTime =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-]\d{2})(?::?(\d{2}))?))?$/

/** Epoch milliseconds; NaN if invalid. A time needs a zone: without one its value would depend on the machine. */
export function parseIsoTime(value: string): number {
  const [, date, time = '00:00', seconds = '00', fraction = '', hours, minutes = '00'] = isoTime.exec(value) ?? []
  if (date === undefined) return Number.NaN
  // Date.parse accepts 30 February as 1 or 2 March.
  const midnight = Date.parse(date)
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) return Number.NaN
  const ms = fraction.slice(0, 3).padEnd(3, '0')
  return Date.parse(`${date}T${time}:${seconds}.${ms}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`)
}
