import { isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'

/** Where a server listens. */
export interface HostPort {
  /** A name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
}

const form = /^(?:\[([^\]]+)\]|([^\s:/\\@?#[\]]+)):(\d{1,5})$/
/** RFC 1123, and the underscores that container networks have. */
const label = /^[a-z0-9_-]{1,63}$/i
const maxNameLength = 253

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
  const port = Number(digits)
  if (!(port >= 1 && port <= 65_535)) return undefined
  if (v6 !== undefined) return isIPv6(v6) ? { host: v6, port } : undefined
  return name !== undefined && isHostName(name) ? { host: name, port } : undefined
}

/** A name or an IPv4 address that can be resolved; a name in other letters is looked up by its ASCII form. */
function isHostName(name: string): boolean {
  // The ASCII form leaves invisible characters out.
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
