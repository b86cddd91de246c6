import { isValenceError } from '@valence/schemas'
import { type Config, type Environment, readConfig } from '../../config/config.ts'
import { redact } from '../../config/redaction.ts'
import { checkRedis, checkRegistry } from '../../doctor/backing-services.ts'
import { type Finding, type FindingStatus, failure } from '../../doctor/finding.ts'
import { checkKafka } from '../../doctor/kafka.ts'
import { checkMachine } from '../../doctor/machine.ts'
import { checkModel } from '../../doctor/model.ts'
import type { CliContext, CommandOptions, ExitCode, Output } from '../context.ts'
import { counted, paint, type Style, writeJson, writeLines } from '../output.ts'

const styles: Readonly<Record<FindingStatus, Style>> = { ok: 'green', warn: 'yellow', fail: 'red', skipped: 'dim' }

/** `doctor`: looks at everything a processor needs and says what to do about what is wrong. */
export async function runDoctor(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const { config, findings: configFindings } = checkConfig(context.environment)
  const checks = [
    context.machine().then(checkMachine),
    Promise.resolve(configFindings),
    ...(config === undefined
      ? []
      : [checkModel(config), checkKafka(config), checkRegistry(config), checkRedis(config)]),
  ]
  const findings: Finding[] = []
  // All run at once; they are shown in order, each as soon as those before it are done.
  for (const check of checks) {
    const own = (await check).map((finding) => ({ ...finding, detail: redact(finding.detail) }))
    findings.push(...own)
    if (!options.json)
      await writeLines(
        context.stdout,
        own.flatMap((finding) => describe(context.stdout, finding)),
      )
  }
  const failed = findings.filter(({ status }) => status === 'fail').length
  if (options.json) await writeJson(context.stdout, { ok: failed === 0, findings })
  else await writeLines(context.stdout, ['', summary(context.stdout, findings, failed)])
  return failed === 0 ? 0 : 1
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

function describe(stdout: Output, { area, check, status, detail, help }: Finding): string[] {
  const mark = paint(stdout, styles[status], status.padEnd(7))
  const advice = help === undefined || status === 'ok' ? [] : [`${' '.repeat(17)} → ${help}`]
  return [`${mark}  ${area.padEnd(8)} ${check}: ${detail}`, ...advice]
}

function summary(stdout: Output, findings: readonly Finding[], failed: number): string {
  const warnings = findings.filter(({ status }) => status === 'warn').length
  const parts = [counted(failed, 'failure'), counted(warnings, 'warning')].join(', ')
  return paint(stdout, failed > 0 ? 'red' : warnings > 0 ? 'yellow' : 'green', parts)
}
