import type { Config } from '../config/config.ts'
import { createInProcessBackend } from '../inference/in-process-backend.ts'
import { loadModel } from '../model/load-model.ts'
import { locateModel } from '../model/model-location.ts'
import { readManifest } from '../model/read-manifest.ts'
import { type Finding, failure } from './finding.ts'

const area = 'model'

/** Checks the manifest first, then files, digests, graph and golden scores. */
export async function checkModel(config: Config): Promise<Finding[]> {
  const findings: Finding[] = []
  try {
    const folder = await locateModel(config.model, config)
    const { name: title, version, graph, maxTokens } = await readManifest(folder)
    const detail = `${title} ${version}, ${graph.precision || 'unknown precision'}, ${maxTokens} tokens, in ${folder}`
    findings.push({ area, check: 'manifest', status: 'ok', detail })
    const startedAt = performance.now()
    const model = await loadModel(folder, createInProcessBackend)
    await model.close()
    const loadMs = Math.round(performance.now() - startedAt)
    const golden = `digests match, ${model.manifest.golden.length} golden texts match, loaded in ${loadMs} ms`
    findings.push({ area, check: 'golden', status: 'ok', detail: golden })
  } catch (error) {
    findings.push(failure({ area, check: findings.length === 0 ? 'manifest' : 'golden' }, error))
  }
  return findings
}
