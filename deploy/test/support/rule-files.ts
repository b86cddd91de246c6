import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { readRepositoryFile, repositoryRoot } from './repository.ts'

interface RecordingRule {
  readonly record: string
  readonly expr: string
}

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly (RecordingRule | AlertRule)[] }[]
}

function filesIn(folder: string): string[] {
  return readdirSync(join(repositoryRoot, folder)).map((name) => `${folder}/${name}`)
}

export const ruleFiles = filesIn('deploy/prometheus/rules')
export const ruleTestFiles = filesIn('deploy/prometheus/tests')

function readRules(): (RecordingRule | AlertRule)[] {
  const files = ruleFiles.map((path) => parse(readRepositoryFile(path)) as RuleFile)
  return files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules))
}

export function readAlerts(): AlertRule[] {
  return readRules().filter((rule) => 'alert' in rule)
}

export function readRecordings(): RecordingRule[] {
  return readRules().filter((rule) => 'record' in rule)
}

interface RuleTest {
  readonly name: string
  readonly input_series: readonly { readonly series: string }[]
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[]
}

export function readRuleTests(): RuleTest[] {
  return ruleTestFiles.flatMap((path) => (parse(readRepositoryFile(path)) as { tests: RuleTest[] }).tests)
}
