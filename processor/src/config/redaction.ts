import type { Setting } from './setting.ts'
import { type SettingName, settings } from './settings.ts'

/** Shorter values are not searched for, because they occur in ordinary words. In URLs secrets of any length are redacted. */
const minSecretLength = 6
const hidden = '[redacted]'
/** Values that are never treated as secrets, because every log line contains them. */
const harmless: ReadonlySet<string> = new Set([hidden, 'valence'])

/** The secrets of this process in every encoding in which they can be printed, longest first. */
let knownSecrets: readonly string[] = []

const absoluteUrl = /\b([a-z][a-z0-9+.-]*:)(\/\/[^\s"'<>\\]+)/gi
/** `user:password@host` without a scheme. */
const bareCredentials = /(^|[\s,("'=])([^\s/@,"'=\\]+:[^\s/@,"'\\]+)@(?=[\w[])/g
const secretParameter =
  /([?&;](?:[\w.-]*(?:sig|signature|token|secret|password|passwd|credential|key|auth|code)[\w.-]*)=)[^&#\s"'<>\\]+/gi

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i

/**
 * True for a path segment that looks random, such as the token of a webhook URL: a UUID, 24 characters with upper case,
 * lower case and digits, a run of 16 letters and digits, or a run of 20 letters of both cases.
 */
function isTokenLike(segment: string): boolean {
  const hasCases = (text: string) => /[a-z]/.test(text) && /[A-Z]/.test(text)
  if (uuid.test(segment) || (/^[\w-]{24,}$/.test(segment) && hasCases(segment) && /\d/.test(segment))) return true
  return segment
    .split(/[^A-Za-z0-9]+/)
    .some((run) => (run.length >= 16 && /\d/.test(run) && /[a-z]/i.test(run)) || (run.length >= 20 && hasCases(run)))
}

/** Paths of `file:` and `s3:` URLs are shown: access to them is controlled by other means. */
const isPathShown = (scheme: string) => /^(file|s3):?$/i.test(scheme)

/** Redacts user, password, query, fragment and token-like path segments in a URL without its scheme. */
function redactRest(scheme: string, rest: string): string {
  const [beforeQuery = '', query] = split(rest, /[?#]/)
  // The authority ends at the first slash. If it is no `host:port`, an unescaped slash in a password cut it.
  const [authority = '', path = ''] = split(beforeQuery.slice(2), /\//)
  const isHost = /^([^@]*@)?(\[[^\]]*\]|[^:@]*)(:\d*)?(,.*)?$/s.test(authority)
  const target = isHost ? authority : authority + path
  const at = target.lastIndexOf('@')
  const shown = at === -1 ? target : `${hidden}@${target.slice(at + 1)}`
  const marks = query === undefined ? '' : `${query[0]}${query.length > 1 ? hidden : ''}`
  const segments = isHost ? path.split('/') : []
  const shownPath = segments
    .map((segment) => (!isPathShown(scheme) && isTokenLike(segment) ? hidden : segment))
    .join('/')
  return `//${shown}${shownPath}${marks}`
}

/** The text before the first match, and the text from the match on; undefined without a match. */
function split(text: string, at: RegExp): [string, string | undefined] {
  const index = text.search(at)
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index)]
}

/** A URL for printing: like `redact`, but credentials, query and fragment are removed instead of marked. */
export function redactUrl(url: string | URL): string {
  return redact(String(url)).replace(`${hidden}@`, '').replace(`?${hidden}`, '').replace(`#${hidden}`, '')
}

/**
 * Redacts in a text the secrets of this process and, in every URL, user, password, query, fragment and token-like path
 * segments. Applied to everything printed except the data of a command: log lines, errors, findings, problems.
 */
export function redact(text: string): string {
  let result = text
  for (const secret of knownSecrets) if (result.includes(secret)) result = result.replaceAll(secret, hidden)
  return result
    .replace(absoluteUrl, (_, scheme: string, rest: string) => `${scheme}${redactRest(scheme, rest)}`)
    .replace(bareCredentials, (_, before: string) => `${before}${hidden}@`)
    .replace(secretParameter, (_, name: string) => `${name}${hidden}`)
}

/** Sets the secrets that `redact` replaces: as they are, URL-encoded, URL-decoded and JSON-escaped. Replaces earlier ones. */
export function hideSecrets(secrets: Iterable<string>): void {
  const forms = [...secrets]
    .filter((secret) => secret.length >= minSecretLength && !harmless.has(secret))
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), decoded(secret)])
  knownSecrets = [...new Set(forms)].sort((a, b) => b.length - a.length)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // The text is not URL-encoded; the unchanged text is among the forms already.
    return text
  }
}

/** The possible secrets in a URL, also in an invalid one: user or password, query values, token-like path segments. */
export function secretsIn(text: string): string[] {
  const [beforeQuery = '', query = ''] = split(text, /[?#]/)
  const at = beforeQuery.lastIndexOf('@')
  // `name@version` and a folder name with an @ contain no credentials.
  const hasUser = at !== -1 && (beforeQuery.slice(0, at).includes(':') || /^[\w+.-]*\/\//.test(beforeQuery))
  const userInfo = !hasUser
    ? ''
    : beforeQuery
        .slice(0, at)
        .replace(/^[a-z][a-z0-9+.-]*:?\/+/i, '')
        .replace(/^\/+/, '')
  const [user = '', password] = split(userInfo, /:/)
  const parameters = query.split(/[?#&;]/).map((parameter) => parameter.slice(parameter.indexOf('=') + 1))
  const [, scheme = '', path = ''] = /^([a-z][a-z0-9+.-]*):?\/\/[^/]*(.*)$/is.exec(beforeQuery) ?? []
  const tokens = isPathShown(scheme) ? [] : path.split('/').filter(isTokenLike)
  // A user without a password can be a token; with one it is only a name.
  return [password === undefined ? user : password.slice(1), ...parameters, ...tokens].filter((value) => value !== '')
}

/** Settings with addresses, which can contain credentials: these are redacted, and an invalid value is not printed at all. */
export const addressSettings: ReadonlySet<string> = new Set<SettingName>([
  'VALENCE_KAFKA_BROKERS',
  'VALENCE_KAFKA_SASL_OAUTH_TOKEN_URL',
  'VALENCE_SCHEMA_REGISTRY_URL',
  'VALENCE_SCHEMA_REGISTRY_OAUTH_TOKEN_URL',
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

/** The secrets in an environment: in the settings of Valence and in those that its libraries read (AWS, OpenTelemetry, proxies). */
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
