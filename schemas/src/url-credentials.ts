export interface PlainUrl {
  /** The URL without user and password. */
  readonly url: string
  /** Basic authorization, if the URL had credentials. */
  readonly headers: { readonly authorization?: string }
}

/** Moves the credentials of a URL into a header, because `fetch` refuses URLs with credentials. */
export function plainUrl(given: string): PlainUrl {
  const url = new URL(given)
  const { username, password } = url
  if (username === '' && password === '') return { url: given, headers: {} }
  url.username = ''
  url.password = ''
  return { url: url.href, headers: { authorization: basicAuthorization(decoded(username), decoded(password)) } }
}

export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** URL-decodes; returns the text unchanged if it has an invalid escape, which `new URL` accepts. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
