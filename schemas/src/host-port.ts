import { isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'

/** Address of a server. */
export interface HostPort {
  /** A name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
}

const form = /^(?:\[([^\]]+)\]|([^\s:/\\@?#[\]]+)):(\d{1,5})$/
/** A label of RFC 1123, and underscores, which container networks use. */
const label = /^[a-z0-9_-]{1,63}$/i
const maxNameLength = 253

/** The problem of the first invalid address, undefined if all are valid. Names its position, as an address can contain a secret. */
export function hostPortProblem(addresses: readonly string[]): string | undefined {
  const at = addresses.findIndex((address) => parseHostPort(address) === undefined)
  if (at < 0) return undefined
  const which = addresses.length > 1 ? ` (number ${at + 1} of ${addresses.length} is not)` : ''
  return `must be host:port with a port from 1 to 65535, an IPv6 address in brackets${which}`
}

/** Parses `host:port` or `[ipv6]:port`; undefined if invalid. */
export function parseHostPort(address: string): HostPort | undefined {
  const [, v6, name, digits] = form.exec(address) ?? []
  const port = Number(digits)
  if (!(port >= 1 && port <= 65_535)) return undefined
  if (v6 !== undefined) return isIPv6(v6) ? { host: v6, port } : undefined
  return name !== undefined && isHostName(name) ? { host: name, port } : undefined
}

/** True for a valid host name or IPv4 address. An internationalised name is checked in its ASCII form, as it is looked up. */
function isHostName(name: string): boolean {
  // domainToASCII removes invisible characters, so they are refused before.
  if (/\p{C}/u.test(name)) return false
  const ascii = domainToASCII(name)
  return (
    ascii.length <= maxNameLength &&
    ascii
      .replace(/\.$/, '')
      .split('.')
      .every((part) => label.test(part))
  )
}
