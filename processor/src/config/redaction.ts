import { type Setting, type SettingName, settings } from './settings.ts'

/** Shorter ones would hit words that are no secrets; where a URL is recognised its secrets go whatever their length. */
const minSecretLength = 6
const hidden = '[redacted]'
/** What every line says anyway. */
const harmless: ReadonlySet<string> = new Set([hidden, 'valence'])

/** What is known to be secret in this process, in each form it may be printed in; longest first. */
let known: readonly string[] = []

const absoluteUrl = /\b([a-z][a-z0-9+.-]*:)(\/\/[^\s"'<>\\]+)/gi
/** A user and a password before a host, without a scheme. */
const bareCredentials = /(^|[\s,("'=])([^\s/@,"'=\\]+:[^\s/@,"'\\]+)@(?=[\w[])/g
const secretParameter =
  /([?&;](?:[\w.-]*(?:sig|signature|token|secret|password|passwd|credential|key|auth|code)[\w.-]*)=)[^&#\s"'<>\\]+/gi

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i

/** Part of a path that nobody would think up as a name, such as the token that ends the URL of a webhook. */
function isTokenLike(segment: string): boolean {
  const hasCases = (text: string) => /[a-z]/.test(text) && /[A-Z]/.test(text)
  if (uuid.test(segment) || (/^[\w-]{24,}$/.test(segment) && hasCases(segment) && /\d/.test(segment))) return true
  return segment
    .split(/[^A-Za-z0-9]+/)
    .some((run) => (run.length >= 16 && /\d/.test(run) && /[a-z]/i.test(run)) || (run.length >= 20 && hasCases(run)))
}

/** Paths of files and the keys of objects are no secrets; who may read them is asked for otherwise. */
const isPathShown = (scheme: string) => /^(file|s3):?$/i.test(scheme)

/** The rest of a URL behind its scheme without user, password, query, fragment and what looks like a token. */
function redactRest(scheme: string, rest: string): string {
  const [beforeQuery = '', query] = split(rest, /[?#]/)
  // Ends at the first slash; an unescaped slash in a password makes what stands before it no host and port.
  const [authority = '', path = ''] = split(beforeQuery.slice(2), /\//)
  const isHost = /^([^@]*@)?(\[[^\]]*\]|[^:@]*)(:\d*)?(,.*)?$/s.test(authority)
  const place = isHost ? authority : authority + path
  const at = place.lastIndexOf('@')
  const shown = at === -1 ? place : `${hidden}@${place.slice(at + 1)}`
  const marks = query === undefined ? '' : `${query[0]}${query.length > 1 ? hidden : ''}`
  const segments = isHost ? path.split('/') : []
  const shownPath = segments.map((own) => (!isPathShown(scheme) && isTokenLike(own) ? hidden : own)).join('/')
  return `//${shown}${shownPath}${marks}`
}

/** Before and from the first match on. */
function split(text: string, at: RegExp): [string, string | undefined] {
  const index = text.search(at)
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index)]
}

/** A URL as it may be printed: what is secret in it is left out. */
export function redactUrl(url: string | URL): string {
  return redact(String(url)).replace(`${hidden}@`, '').replace(`?${hidden}`, '').replace(`#${hidden}`, '')
}

/**
 * The same text without the secrets of this process, and without user, password, query, fragment and what looks like a
 * token in the path of any URL in it.
 * Everything that is printed goes through here but the data of a command: log lines, errors, findings, problems.
 */
export function redact(text: string): string {
  let result = text
  for (const secret of known) if (result.includes(secret)) result = result.replaceAll(secret, hidden)
  return result
    .replace(absoluteUrl, (_, scheme: string, rest: string) => `${scheme}${redactRest(scheme, rest)}`)
    .replace(bareCredentials, (_, before: string) => `${before}${hidden}@`)
    .replace(secretParameter, (_, name: string) => `${name}${hidden}`)
}

/** From now on these are hidden, and no others: as they are, and as URLs and JSON write them. */
export function hideSecrets(secrets: Iterable<string>): void {
  const forms = [...secrets]
    .filter((secret) => secret.length >= minSecretLength && !harmless.has(secret))
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), decoded(secret)])
  known = [...new Set(forms)].sort((a, b) => b.length - a.length)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not encoded, then: the text itself is among the forms already.
    return text
  }
}

/** What may be secret in a text that is meant for a URL, whether it is one or not. */
export function secretsIn(text: string): string[] {
  const [beforeQuery = '', query = ''] = split(text, /[?#]/)
  const at = beforeQuery.lastIndexOf('@')
  // `name@version` and a folder with an @ in its name hold no credentials.
  const hasUser = at !== -1 && (beforeQuery.slice(0, at).includes(':') || /^[\w+.-]*\/\//.test(beforeQuery))
  const userInfo = !hasUser
    ? ''
    : beforeQuery
        .slice(0, at)
        .replace(/^[a-z][a-z0-9+.-]*:?\/+/i, '')
        .replace(/^\/+/, '')
  const [user = '', password] = split(userInfo, /:/)
  const parameters = query.split(/[?#&;]/).map((own) => own.slice(own.indexOf('=') + 1))
  const [, scheme = '', path = ''] = /^([a-z][a-z0-9+.-]*):?\/\/[^/]*(.*)$/is.exec(beforeQuery) ?? []
  const tokens = isPathShown(scheme) ? [] : path.split('/').filter(isTokenLike)
  // A user beside a password is a name; alone it is a token.
  return [password === undefined ? user : password.slice(1), ...parameters, ...tokens].filter((own) => own !== '')
}

/** Settings that are addresses and may carry credentials: printed without them, and not at all where they are invalid. */
export const addressSettings: ReadonlySet<string> = new Set<SettingName>([
  'VALENCE_KAFKA_BROKERS',
  'VALENCE_KAFKA_SASL_OAUTH_TOKEN_URL',
  'VALENCE_SCHEMA_REGISTRY_URL',
  'VALENCE_REDIS_URL',
  'VALENCE_REDIS_NODES',
  'VALENCE_MODEL',
  'VALENCE_MODEL_URI_ALLOW',
  'VALENCE_MODEL_S3_ENDPOINT',
  'VALENCE_MODEL_SHADOW',
  'VALENCE_AUTH_JWKS_URL',
  'VALENCE_AUTH_ISSUER',
  'VALENCE_BULK_S3_ENDPOINT',
])

const otherSecrets = /^(AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN)$/
const otherUrls = /^(OTEL_EXPORTER_OTLP_.*ENDPOINT|HTTPS?_PROXY|https?_proxy|AWS_ENDPOINT_URL.*)$/
const otherHeaders = /^OTEL_EXPORTER_OTLP_.*HEADERS$/

/** The secrets of an environment, in the settings of Valence and in those of the libraries that read their own. */
export function secretsOf(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (value === undefined || value === '') return []
    const setting = Object.hasOwn(settings, name) ? (settings as Record<string, Setting>)[name] : undefined
    if (setting?.secret || otherSecrets.test(name)) return [value]
    if (addressSettings.has(name) || otherUrls.test(name)) return [value, ...value.split(',')].flatMap(secretsIn)
    if (otherHeaders.test(name)) return value.split(',').map((header) => header.slice(header.indexOf('=') + 1).trim())
    return []
  })
}
