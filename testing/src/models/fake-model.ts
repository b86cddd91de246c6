import type { InferenceBackend } from '@valence/processor/inference/backend'
import { createTokenizer } from '@valence/processor/inference/tokenizer'
import type { LoadedModel } from '@valence/processor/model/load-model'
import type { ModelManifest } from '@valence/processor/model/manifest'
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
