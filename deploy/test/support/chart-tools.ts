import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { repositoryChart } from './kubernetes-object.ts'
import { repositoryRoot } from './repository.ts'

const run = promisify(execFile)

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** Programs that few machines have; what needs one is skipped where it is missing. */
export const helm = process.env.VALENCE_HELM ?? onPath('helm')
export const kubeconform = process.env.VALENCE_KUBECONFORM ?? onPath('kubeconform')
/** What `deploy/helm/schemas/extract.ts` wrote. */
export const schemaFolder = process.env.VALENCE_KUBERNETES_SCHEMAS

export const environments = ['dev', 'staging', 'production'] as const
export type EnvironmentName = (typeof environments)[number]

/** The chart is for this release of Kubernetes and newer ones. */
const kubernetesVersion = '1.33.0'

function commonArguments(environment: EnvironmentName): string[] {
  const values = join(repositoryChart, `values-${environment}.yaml`)
  return [
    repositoryChart,
    '--values',
    values,
    '--namespace',
    `valence-${environment}`,
    '--kube-version',
    kubernetesVersion,
  ]
}

/** Runs Helm; rejects with what it wrote where it fails. */
export async function runHelm(...args: string[]): Promise<string> {
  if (helm === undefined) throw new Error('helm is missing')
  const { stdout } = await run(helm, args, { cwd: repositoryRoot, maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

/** What `helm template` writes for an environment; values are given as for `--set`. */
export function template(environment: EnvironmentName, ...values: string[]): Promise<string> {
  const settings = values.flatMap((value) => ['--set', value])
  return runHelm('template', 'valence', ...commonArguments(environment), ...settings)
}

export function lint(environment: EnvironmentName): Promise<string> {
  const [chart = '', ...rest] = commonArguments(environment)
  return runHelm('lint', '--strict', chart, ...rest)
}

/** Checks resources against the schemas of Kubernetes and the operators, offline; resolves with the summary. */
export async function validate(path: string): Promise<string> {
  const location = `${schemaFolder}/{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json`
  const { stdout } = await run(kubeconform ?? '', ['-strict', '-summary', '-schema-location', location, path])
  return stdout
}
