import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The releases that the chart is checked against. */
const kubernetes = 'k8s.io/kubernetes@v1.33.5'
const definitionModules = [
  { module: 'github.com/kedacore/keda/v2@v2.18.1', folder: 'config/crd/bases' },
  { module: 'github.com/cert-manager/cert-manager@v1.19.1', folder: 'deploy/crds' },
  { module: 'github.com/external-secrets/external-secrets@v1.3.2', folder: 'config/crds/bases' },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folder: 'example/prometheus-operator-crd',
  },
] as const

const strimziKinds = {
  'kafkatopic.yaml': 'io.strimzi.api.kafka.model.topic.KafkaTopic',
  'kafkauser.yaml': 'io.strimzi.api.kafka.model.user.KafkaUser',
} as const

/** Downloads a Go module and returns its folder. */
async function goModule(module: string): Promise<string> {
  // Outside any module, so that no go.mod is looked for.
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { cwd: tmpdir() })
  return (JSON.parse(stdout) as { Dir: string }).Dir
}

/** The OpenAPI document of Kubernetes itself, as text. */
export async function readKubernetesDocument(): Promise<string> {
  return readFile(join(await goModule(kubernetes), 'api/openapi-spec/swagger.json'), 'utf8')
}

async function readYamlFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
}

/** Has Strimzi's own generator write the definitions of the kinds that the chart uses. */
async function strimziDefinitions(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'strimzi-'))
  try {
    const pom = join(dirname(fileURLToPath(import.meta.url)), 'strimzi.pom.xml')
    const libraries = join(folder, 'lib')
    const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${libraries}`]
    await run('mvn', ['--batch-mode', '--quiet', '--file', pom, ...copy])
    const output = join(folder, 'definitions')
    await mkdir(output)
    const targets = Object.entries(strimziKinds).map(([name, kind]) => `${kind}=${join(output, name)}`)
    const program = ['-cp', join(libraries, '*'), 'io.strimzi.crdgenerator.CrdGenerator', '--yaml']
    const home = process.env.JAVA_HOME
    await run(home ? join(home, 'bin', 'java') : 'java', [...program, ...targets])
    return await readYamlFiles(output)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** CustomResourceDefinitions of every operator that the chart has resources for, as YAML texts. */
export async function readDefinitions(): Promise<string[]> {
  const ofModules = definitionModules.map(async ({ module, folder }) =>
    readYamlFiles(join(await goModule(module), folder)),
  )
  return (await Promise.all([...ofModules, strimziDefinitions()])).flat()
}
