const readCharsets = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii'])

/** The encoding that a content type declares and that is not read here; undefined where there is none. */
export function foreignCharset(contentType: string): string | undefined {
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType)?.[1]
  return charset === undefined || readCharsets.has(charset.toLowerCase()) ? undefined : charset.slice(0, 64)
}
