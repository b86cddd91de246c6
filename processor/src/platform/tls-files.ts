import { readFileSync } from 'node:fs'
import { ValenceError } from '@valence/schemas'

/** The text of a PEM file; undefined if no path is given. @throws VAL_FILE_UNREADABLE with the setting's name */
export function readPem(path: string | undefined, setting: string): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ValenceError('VAL_FILE_UNREADABLE', `${path} (${setting})`, { cause })
  }
}
