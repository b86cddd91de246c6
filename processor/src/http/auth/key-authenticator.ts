import { createHash } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { ValenceError } from '@valence/schemas'
import type { Authenticator } from './authenticator.ts'
import { type Principal, scopes } from './principal.ts'

const line = /^(?<digest>[0-9a-f]{64})\s+(?<subject>\S+)\s+(?<scopes>\S+)$/

function readLine(text: string, path: string, number: number): [digest: string, Principal] {
  const groups = line.exec(text)?.groups
  const given = groups?.scopes?.split(',') ?? []
  const unknown = given.find((scope) => !scopes.some((known) => known === scope))
  if (!groups?.digest || !groups.subject || unknown !== undefined) {
    const reason =
      unknown === undefined ? 'must be: SHA-256 in hex, subject, scopes' : `has no scope ${unknown} to give`
    throw new ValenceError('VAL_CONFIG_INVALID', `${path}, line ${number} ${reason}`)
  }
  return [groups.digest, { subject: groups.subject, scopes: new Set(given) }]
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ValenceError('VAL_FILE_UNREADABLE', `${path} (VALENCE_AUTH_API_KEYS_FILE)`, { cause })
  }
}

/** The keys of a file by their digests; blank lines and comments (#) are passed over. @throws VAL_CONFIG_INVALID */
function readKeys(text: string, path: string): Map<string, Principal> {
  const lines = text.split('\n').map((content, index) => ({ content: content.trim(), number: index + 1 }))
  const filled = lines.filter(({ content }) => content !== '' && !content.startsWith('#'))
  return new Map(filled.map(({ content, number }) => readLine(content, path, number)))
}

export interface KeyAuthenticatorOptions {
  readonly path: string
  readonly watchIntervalMs?: number
  /** Calls back at each change of the file, until the returned function is called. */
  readonly watch?: (path: string, intervalMs: number, onChange: () => void) => () => void
  /** Called with undefined after a reload, or with the error that prevented it; the old keys then stay. */
  readonly onReload?: (error: unknown) => void
}

function watchByPolling(path: string, interval: number, onChange: () => void): () => void {
  watchFile(path, { interval, persistent: false }, onChange)
  return () => unwatchFile(path, onChange)
}

/** Authenticates by `x-api-key`. Only SHA-256 digests are kept: a look-up's time tells nothing of other keys. */
export function createKeyAuthenticator({
  path,
  watchIntervalMs = 2_000,
  watch = watchByPolling,
  onReload,
}: KeyAuthenticatorOptions): Authenticator {
  let keys = readKeys(readText(path), path)
  let seen: string | undefined
  let looking: NodeJS.Timeout | undefined
  /** Reloads once two reads in a row agree: a file that is being rewritten is empty or cut short for a moment. */
  const look = () => {
    try {
      const text = readText(path)
      if (text !== seen) {
        seen = text
        return lookAgain()
      }
      keys = readKeys(text, path)
      onReload?.(undefined)
    } catch (error) {
      onReload?.(error)
    }
  }
  const lookAgain = () => {
    clearTimeout(looking)
    looking = setTimeout(look, watchIntervalMs).unref()
  }
  const change = () => {
    seen = undefined
    look()
  }
  const unwatch = watch(path, watchIntervalMs, change)
  return {
    scheme: 'api-key',
    async authenticate(headers) {
      const key = headers['x-api-key']
      if (typeof key !== 'string' || key === '') throw new ValenceError('VAL_AUTH_MISSING', 'x-api-key')
      const principal = keys.get(createHash('sha256').update(key).digest('hex'))
      if (!principal) throw new ValenceError('VAL_AUTH_API_KEY_INVALID')
      return principal
    },
    close() {
      clearTimeout(looking)
      unwatch()
    },
  }
}
