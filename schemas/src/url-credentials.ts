export interface PlainUrl {
  /** Without user and password. */
  readonly url: string
  /** What they come to as a header, where there were any. */
  readonly headers: { readonly authorization?: string }
}

/** `fetch` takes no credentials in a URL: they go into a header. */
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

/** A lone % is itself: `new URL` lets it stand. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
