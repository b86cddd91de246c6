import { ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'

/** The admin ports to ask: the one of the configuration unless some are named. @throws VAL_USAGE_INVALID */
export function adminUrls(config: Config, given: string | undefined): URL[] {
  if (given === undefined) {
    // Where the system chose the port, nobody knows it.
    return config.adminPort === 0 ? [] : [new URL(`http://${config.adminHost}:${config.adminPort}`)]
  }
  return given.split(',').map((text) => {
    const url = URL.parse(text.includes('://') ? text : `http://${text}`)
    if (url && /^https?:$/.test(url.protocol)) return url
    throw new ValenceError(
      'VAL_USAGE_INVALID',
      `--admin must be addresses like http://localhost:9464, not ${JSON.stringify(text)}`,
    )
  })
}
