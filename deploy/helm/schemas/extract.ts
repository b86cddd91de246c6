// Writes the JSON Schemas that kubeconform checks the chart with: Kubernetes' own and those of the operators.
//   node deploy/helm/schemas/extract.ts FOLDER
// Needs go, Maven and Java 21 or newer (JAVA_HOME, or on the PATH), and the network the first time.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { convertDefinitions, convertKubernetes, readKubernetes } from './convert.ts'
import { readDefinitions, readKubernetesDocument } from './sources.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('usage: node deploy/helm/schemas/extract.ts FOLDER\n')
  process.exit(2)
}

const [document, resources] = await Promise.all([readKubernetesDocument(), readDefinitions()])
const kubernetes = readKubernetes(document)
const files = [...convertKubernetes(kubernetes), ...resources.flatMap((text) => convertDefinitions(text, kubernetes))]
for (const { path, schema } of files) {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), JSON.stringify(schema))
}
process.stdout.write(`${files.length} schemas in ${folder}\n`)
