/** Where a server listens. */
export interface HostPort {
  /** A name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
}

const form = /^(?:\[([0-9a-f:.%a-z]+)\]|([^\s:/@?#[\]]+)):(\d{1,5})$/i

/** What is wrong with one of a list of addresses: its place, because an address may carry a secret. */
export function hostPortProblem(addresses: readonly string[]): string | undefined {
  const at = addresses.findIndex((address) => parseHostPort(address) === undefined)
  if (at < 0) return undefined
  const which = addresses.length > 1 ? ` (number ${at + 1} of ${addresses.length} is not)` : ''
  return `must be host:port with a port from 1 to 65535, an IPv6 address in brackets${which}`
}

/** Undefined for what is no `host:port`; an IPv6 address stands in brackets. */
export function parseHostPort(address: string): HostPort | undefined {
  const [, v6, name, digits] = form.exec(address) ?? []
  const host = v6 ?? name
  const port = Number(digits)
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port }
}
