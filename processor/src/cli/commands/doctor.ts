import { diagnose } from '../../doctor/diagnose.ts'
import type { Finding, FindingStatus } from '../../doctor/finding.ts'
import type { CliContext, CommandOptions, ExitCode, Output } from '../context.ts'
import { counted, paint, type Style, writeJson, writeLines } from '../output.ts'

const styles: Readonly<Record<FindingStatus, Style>> = { ok: 'green', warn: 'yellow', fail: 'red', skipped: 'dim' }

/** `doctor`: checks the requirements of a processor and prints how to fix each failure. */
export async function runDoctor(
  { environment, machine, stdout }: CliContext,
  options: CommandOptions,
): Promise<ExitCode> {
  const findings: Finding[] = []
  for await (const found of diagnose(environment, machine())) {
    findings.push(...found)
    if (options.json) continue
    const lines = found.flatMap((finding) => describe(stdout, finding))
    await writeLines(stdout, lines)
  }
  const failed = findings.filter(({ status }) => status === 'fail').length
  if (options.json) await writeJson(stdout, { ok: failed === 0, findings })
  else await writeLines(stdout, ['', summary(stdout, findings, failed)])
  return failed === 0 ? 0 : 1
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
