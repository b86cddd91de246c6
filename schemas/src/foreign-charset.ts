const readCharsets = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii'])

/** The charset of a content type if it is not supported (other than UTF-8 or ASCII); else undefined. */
export function foreignCharset(contentType: string): string | undefined {
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType)?.[1]
  return charset === undefined || readCharsets.has(charset.toLowerCase()) ? undefined : charset.slice(0, 64)
}
