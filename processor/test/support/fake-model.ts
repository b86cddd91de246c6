import type { InferenceBackend } from '../../src/inference/backend.ts'
import { createTokenizer } from '../../src/inference/tokenizer.ts'
import type { LoadedModel } from '../../src/model/load-model.ts'
import type { ModelManifest } from '../../src/model/manifest.ts'
import { tinyLabels, tinyTokenizer } from './tiny-model.ts'

/** The tiny model as loaded, over any backend; `name` tells several of them apart. */
export function fakeModel(backend: InferenceBackend, name = 'tiny', temperature = 1): LoadedModel {
  const manifest = { labels: tinyLabels, padTokenId: 0, maxTokens: 64, calibration: { temperature } }
  return {
    manifest: manifest as unknown as ModelManifest,
    ref: { name, version: '1', sha256: 'abcdefabcdef' },
    fingerprint: `fingerprint-of-${name}`,
    tokenizer: createTokenizer(tinyTokenizer, manifest.maxTokens),
    backend,
    close: () => backend.close(),
  }
}
