/** Pulls the model of VALENCE_MODEL twice, as Node itself loads the packages, and prints what came of it. */

import { readConfig } from '@valence/processor/config/config'
import { openSupply } from '@valence/processor/model/supply/open-supply'
import { isValenceError } from '@valence/schemas'

const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('VALENCE_')))
const config = readConfig(environment)
const signal = new AbortController().signal
try {
  const supply = await openSupply(config.model, config)
  const first = await supply.pull(signal)
  const second = await supply.pull(signal)
  process.stdout.write(JSON.stringify({ first: first.digest, second: second.digest }))
} catch (error) {
  process.stdout.write(JSON.stringify({ code: isValenceError(error) ? error.code : String(error) }))
}
