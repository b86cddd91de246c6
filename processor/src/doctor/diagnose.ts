import { isValenceError } from '@valence/schemas'
import { type Config, type Environment, readConfig } from '../config/config.ts'
import { redact } from '../config/redaction.ts'
import { checkRedis, checkRegistry } from './backing-services.ts'
import { type Finding, failure } from './finding.ts'
import { checkKafka } from './kafka.ts'
import { checkMachine, type Machine } from './machine.ts'
import { checkModel } from './model.ts'

/**
 * Checks everything that a processor depends on. The checks run in parallel; findings are yielded in a fixed order, each
 * as soon as the checks before it have finished.
 */
export async function* diagnose(
  environment: Environment,
  machine: Promise<Machine>,
): AsyncGenerator<readonly Finding[]> {
  const { config, findings: configFindings } = checkConfig(environment)
  const checks = [
    machine.then(checkMachine),
    Promise.resolve(configFindings),
    ...(config === undefined
      ? []
      : [checkModel(config), checkKafka(config), checkRegistry(config), checkRedis(config)]),
  ]
  for (const check of checks) yield (await check).map((finding) => ({ ...finding, detail: redact(finding.detail) }))
}

function checkConfig(environment: Environment): { config: Config | undefined; findings: Finding[] } {
  const place = { area: 'config', check: 'settings' } as const
  try {
    const config = readConfig(environment)
    const given = Object.keys(environment).filter((name) => name.startsWith('VALENCE_'))
    const detail = given.length === 0 ? 'all by default' : `${given.sort().join(', ')}; the rest by default`
    return { config, findings: [{ ...place, status: 'ok', detail }] }
  } catch (error) {
    if (!isValenceError(error)) throw error
    const problems = (error.detail ?? '').split('\n').flatMap((line) => line.trim() || [])
    const rest = 'the rest of the checks needs a valid configuration'
    return {
      config: undefined,
      findings: [
        ...problems.map((problem) => failure(place, problem, error.help)),
        { ...place, status: 'skipped', detail: rest },
      ],
    }
  }
}
