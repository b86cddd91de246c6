import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { redactUrl } from '../../config/redaction.ts'
import { folderOf } from './allow-list.ts'
import { createFileSource } from './file-source.ts'
import { createHttpSource } from './http-source.ts'
import type { ModelSource } from './model-source.ts'
import { ModelStore } from './model-store.ts'
import { ModelSupply } from './model-supply.ts'
import { readPublicKey } from './signature.ts'

/** The settings of the supply. */
export type SupplyConfig = Pick<
  Config,
  | 'modelStore'
  | 'modelUriAllow'
  | 'modelPathAllow'
  | 'modelPublicKeyFile'
  | 'modelToken'
  | 'modelS3Endpoint'
  | 'modelMaxBytes'
  | 'modelConnectTimeoutMs'
  | 'modelIdleTimeoutMs'
  | 'modelTimeoutMs'
>

function fileOf(uri: string): string {
  try {
    const path = fileURLToPath(uri)
    return path.endsWith('.json') ? path : resolve(path, 'model.json')
  } catch (cause) {
    throw new ValenceError('VAL_MODEL_MISSING', `${redactUrl(uri)} is not a local file URI`, { cause })
  }
}

async function openSource(uri: string, config: SupplyConfig): Promise<ModelSource> {
  const { protocol } = new URL(uri)
  if (protocol === 'file:') {
    const path = fileOf(uri)
    return createFileSource(path, config.modelPathAllow ?? [dirname(path)])
  }
  const manifest = new URL(uri)
  const prefixes = config.modelUriAllow ?? [folderOf(manifest)]
  if (protocol === 's3:') {
    const { createS3Source } = await import('./s3-source.ts')
    return createS3Source(manifest, { prefixes, endpoint: config.modelS3Endpoint })
  }
  if (protocol === 'https:' || protocol === 'http:') {
    return createHttpSource(manifest, { prefixes, explicit: config.modelUriAllow ?? [], token: config.modelToken })
  }
  throw new ValenceError('VAL_MODEL_URI_REFUSED', `${redactUrl(uri)}: only file:, https: and s3: are supported`)
}

/** The supply of the models of a manifest URI. @throws VAL_MODEL_URI_REFUSED, VAL_MODEL_MISSING, VAL_CONFIG_INVALID */
export async function openSupply(
  uri: string,
  config: SupplyConfig,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<ModelSupply> {
  if (!URL.canParse(uri)) throw new ValenceError('VAL_MODEL_URI_REFUSED', `${redactUrl(uri)} is not a URI`)
  const key = config.modelPublicKeyFile
  return new ModelSupply({
    uri,
    source: await openSource(uri, config),
    store: new ModelStore(config.modelStore),
    maxBytes: config.modelMaxBytes,
    limits: { connectMs: config.modelConnectTimeoutMs, idleMs: config.modelIdleTimeoutMs },
    timeoutMs: config.modelTimeoutMs,
    publicKey: key === undefined ? undefined : readPublicKey(key),
    onBytes,
  })
}
