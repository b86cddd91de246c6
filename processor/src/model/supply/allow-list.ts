import { realpath } from 'node:fs/promises'
import { isAbsolute, relative, resolve } from 'node:path'
import { ValenceError } from '@valence/schemas'
import { redactUrl } from '../../config/redaction.ts'

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (!isAbsolute(way) && way !== '..' && !way.startsWith('../'))
}

/**
 * The real path of a file, symbolic links resolved, if it lies in one of the folders. @throws VAL_MODEL_URI_REFUSED,
 * VAL_MODEL_MISSING
 */
export async function allowedPath(path: string, folders: readonly string[]): Promise<string> {
  const real = await realPathOf(path)
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => resolve(folder))))
  if (roots.some((root) => isInside(real, root))) return real
  throw new ValenceError('VAL_MODEL_URI_REFUSED', `${path} leads to ${real}, which is outside ${folders.join(', ')}`)
}

async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (cause) {
    throw new ValenceError('VAL_MODEL_MISSING', `${path} cannot be read`, { cause })
  }
}

/** The folder of a URI, ending in a slash. @throws VAL_MODEL_URI_REFUSED if it has none */
export function folderOf(uri: URL): string {
  const folder = URL.parse('.', uri.href)
  if (folder) return folder.href.replace(/[?#].*$/s, '')
  throw new ValenceError('VAL_MODEL_URI_REFUSED', `${redactUrl(uri)} has no folder`)
}

/** Loopback addresses: the data does not cross a network where it could be changed. */
function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function isUnder(uri: URL, prefix: string): boolean {
  if (!URL.canParse(prefix)) return false
  const base = new URL(prefix)
  const folder = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`
  const path = uri.pathname
  return uri.protocol === base.protocol && uri.host === base.host && (path === base.pathname || path.startsWith(folder))
}

/**
 * Accepts a URI under one of the prefixes. Plain http is accepted for loopback, or for a prefix that itself has http.
 * Dots in the path are resolved first. @throws VAL_MODEL_URI_REFUSED
 */
export function allowedUri(uri: URL, prefixes: readonly string[]): void {
  if (/%2f|%5c|\\/i.test(uri.pathname)) {
    throw new ValenceError('VAL_MODEL_URI_REFUSED', `${redactUrl(uri)} hides a slash in its path`)
  }
  const under = prefixes.filter((prefix) => isUnder(uri, prefix))
  if (under.length === 0) {
    throw new ValenceError(
      'VAL_MODEL_URI_REFUSED',
      `${redactUrl(uri)} is outside ${prefixes.map(redactUrl).join(', ')}`,
    )
  }
}

/** Refuses plain http except to loopback or to an allowed http prefix. @throws VAL_MODEL_URI_REFUSED */
export function allowedTransport(uri: URL, explicit: readonly string[]): void {
  if (uri.protocol !== 'http:' || isLoopback(uri) || explicit.some((prefix) => isUnder(uri, prefix))) return
  throw new ValenceError('VAL_MODEL_URI_REFUSED', `${redactUrl(uri)}: http is for this machine only, use https`)
}
