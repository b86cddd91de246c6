import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ValenceError } from '@valence/schemas'
import { redactUrl } from '../config/redaction.ts'
import { parseManifest } from './manifest.ts'
import { allowedPath } from './supply/allow-list.ts'
import type { SupplyConfig } from './supply/open-supply.ts'

/** The packaged models. The relative path is the same from src/model and dist/model. */
const packaged = fileURLToPath(new URL('../../model', import.meta.url))

const packagedModels: Readonly<Record<string, string>> = { default: packaged, fast: resolve(packaged, 'fast') }

/** `name` or `name@version` of a model in the store; neither a folder nor a URI. */
const storeName = /^(?<name>[A-Za-z0-9][A-Za-z0-9._-]*)(@(?<version>[A-Za-z0-9._+-]+))?$/

/** At least two letters before the colon; a single letter is a Windows drive. */
export function isUri(name: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(name)
}

function fromFileUri(uri: string): string {
  try {
    const path = fileURLToPath(uri)
    return path.endsWith('/model.json') ? path.slice(0, -'/model.json'.length) : path
  } catch (cause) {
    throw new ValenceError('VAL_MODEL_MISSING', `${redactUrl(uri)} is not a local file URI`, { cause })
  }
}

/**
 * The local folder of a model name: `default` or unset, `fast`, a folder, or the `file:` URI of a folder or its
 * model.json. Does not access the network or the disk.
 */
export function resolveModel(name: string | undefined): string {
  if (name === undefined || name === '') return packaged
  if (Object.hasOwn(packagedModels, name)) return packagedModels[name] as string
  if (name.startsWith('file:')) return fromFileUri(name)
  if (isUri(name)) throw new ValenceError('VAL_MODEL_MISSING', `${redactUrl(name)} is not on this machine`)
  return resolve(name)
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

async function findInStore(name: string, storeFolder: string): Promise<string | undefined> {
  const asked = storeName.exec(name)?.groups
  if (!asked) return undefined
  const { ModelStore } = await import('./supply/model-store.ts')
  const models = await new ModelStore(storeFolder).list()
  const match = models.find(
    ({ manifest }) =>
      manifest.name === asked.name && (asked.version === undefined || manifest.version === asked.version),
  )
  return match?.folder
}

/**
 * Refuses a folder whose manifest, or a file named in it, is a link to outside the folder. @throws
 * VAL_MODEL_URI_REFUSED
 */
async function checkFolder(folder: string, { modelPathAllow }: SupplyConfig): Promise<void> {
  const roots = modelPathAllow ?? [folder]
  await allowedPath(folder, roots)
  const manifest = await allowedPath(join(folder, 'model.json'), roots)
  const { files } = parseManifest(await readFile(manifest, 'utf8'))
  for (const { path } of Object.values(files)) await allowedPath(join(folder, path), roots)
}

/**
 * The folder of the model that VALENCE_MODEL selects: packaged, a folder, in the store, or downloaded from its URI into
 * the store. The model is not verified here; loadModel does that.
 * @throws VAL_MODEL_MISSING, VAL_MODEL_URI_REFUSED and the errors of pulling
 */
export async function locateModel(name: string, config: SupplyConfig, signal?: AbortSignal): Promise<string> {
  if (isUri(name)) {
    // Loaded lazily: local models need no download code.
    const { openSupply } = await import('./supply/open-supply.ts')
    const supply = await openSupply(name, config)
    return (await supply.pull(signal ?? new AbortController().signal)).folder
  }
  const folder = resolveModel(name)
  if (Object.values(packagedModels).includes(folder)) return folder
  if (await isFolder(folder)) {
    await checkFolder(folder, config)
    return folder
  }
  const stored = await findInStore(name, config.modelStore)
  if (stored !== undefined) return stored
  throw new ValenceError(
    'VAL_MODEL_MISSING',
    `neither ${join(folder, 'model.json')} nor a model of this name in ${config.modelStore}`,
  )
}
