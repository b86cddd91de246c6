import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { KubernetesPlatform, runProgram, startProxy } from './kubernetes.ts'
import type { Gates } from './release.ts'
import { switchOver } from './switch-over.ts'

const usage = `node deploy/blue-green/blue-green.ts --release NAME --golden model.json [options] [-- helm arguments]

Puts a new release beside the live one, checks it, switches the facade's service, drains the old one; rolls back on any
failed gate. Exit code 0: switched. 1: rolled back, or the old release was not drained.

  --release NAME      Helm release of deploy/helm/valence
  --full-name NAME    as the chart names its parts (the release unless given)
  --namespace NAME    valence unless given
  --chart PATH        deploy/helm/valence unless given
  --live COLOUR       blue unless given; the other one is brought up
  --golden FILE       model.json of the new release, for its golden texts
  --observe-ms MS     300000 unless given
  --watch-ms MS       300000 unless given
  --min-agreement R   0.9 unless given
  --min-compared N    1000 unless given; 0 where no model shadows another
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    release: { type: 'string' },
    'full-name': { type: 'string' },
    namespace: { type: 'string', default: 'valence' },
    chart: { type: 'string', default: 'deploy/helm/valence' },
    live: { type: 'string', default: 'blue' },
    golden: { type: 'string' },
    'observe-ms': { type: 'string', default: '300000' },
    'watch-ms': { type: 'string', default: '300000' },
    'min-agreement': { type: 'string', default: '0.9' },
    'min-compared': { type: 'string', default: '1000' },
  },
})
const { release, golden, live, chart, namespace } = values
if (release === undefined || golden === undefined) {
  process.stderr.write(usage)
  process.exit(2)
}

const manifest = JSON.parse(await readFile(golden, 'utf8'))
const gates: Gates = {
  readyMs: 600_000,
  golden: manifest.golden,
  goldenTolerance: manifest.goldenTolerance,
  observeMs: Number(values['observe-ms']),
  minAgreement: Number(values['min-agreement']),
  minCompared: Number(values['min-compared']),
  maxExtraRejected: 0.005,
  watchMs: Number(values['watch-ms']),
  maxServerErrors: 0.001,
}
const proxy = await startProxy()
try {
  const platform = await KubernetesPlatform.open({
    ...{ release, chart, namespace, live },
    fullName: values['full-name'] ?? release,
    candidate: live === 'blue' ? 'green' : 'blue',
    helmArgs: positionals,
    adminPort: 9464,
    run: runProgram,
    apiUrl: proxy.url,
  })
  const { outcome } = await switchOver(platform, gates, (line) => process.stdout.write(`${line}\n`))
  process.exitCode = outcome === 'switched' ? 0 : 1
} finally {
  proxy.child.kill()
}
