import { ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'

/** The admin URLs to query: the given ones, else that of the configuration. @throws VAL_USAGE_INVALID */
export function adminUrls(config: Config, given: string | undefined): URL[] {
  if (given === undefined) {
    // Port 0: the system chose the port, which is unknown here.
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
