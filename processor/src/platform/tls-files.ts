import { readFileSync } from 'node:fs'
import { ValenceError } from '@valence/schemas'

/** PEM texts as TLS clients take them. */
export interface TlsFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/**
 * Reads the authority, the client certificate and its key, once; those without a path are left out.
 * @param prefix of the settings `…_CA_FILE`, `…_CERT_FILE` and `…_KEY_FILE`, for errors
 * @throws VAL_FILE_UNREADABLE with the setting's name
 */
export function readTlsFiles(
  prefix: string,
  paths: { readonly [name in keyof TlsFiles]: string | undefined },
): TlsFiles {
  const { ca, cert, key } = paths
  return {
    ...(ca !== undefined && { ca: readPem(ca, `${prefix}_CA_FILE`) }),
    ...(cert !== undefined && { cert: readPem(cert, `${prefix}_CERT_FILE`) }),
    ...(key !== undefined && { key: readPem(key, `${prefix}_KEY_FILE`) }),
  }
}

function readPem(path: string, setting: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ValenceError('VAL_FILE_UNREADABLE', `${path} (${setting})`, { cause })
  }
}
