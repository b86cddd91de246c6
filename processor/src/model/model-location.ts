import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ValenceError } from '@valence/schemas'
import { redactUrl } from '../config/redaction.ts'
import { parseManifest } from './manifest.ts'
import { allowedPath } from './supply/allow-list.ts'
import type { SupplyConfig } from './supply/open-supply.ts'

/** The models that come with the package; src/model and dist/model lie equally deep. */
const packaged = fileURLToPath(new URL('../../model', import.meta.url))

const packagedModels: Readonly<Record<string, string>> = { default: packaged, fast: resolve(packaged, 'fast') }

/** A word, perhaps with a version: what is neither a folder nor a URI. */
const storeName = /^(?<name>[A-Za-z0-9][A-Za-z0-9._-]*)(@(?<version>[A-Za-z0-9._+-]+))?$/

/** One letter before the colon would be a drive. */
export function isUri(name: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(name)
}

function fromFileUri(uri: string): string {
  try {
    const path = fileURLToPath(uri)
    return path.endsWith('/model.json') ? path.slice(0, -'/model.json'.length) : path
  } catch (cause) {
    throw new ValenceError('VAL_MODEL_MISSING', `${redactUrl(uri)} names no file on this machine`, { cause })
  }
}

/**
 * The folder on this machine that a name means: `default` or unset, `fast`, a folder, or the `file:` URI of a folder or
 * its model.json. Nothing is fetched or looked at.
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

/** Refuses a folder whose manifest, or a file that it names, is a link that leads elsewhere. @throws VAL_MODEL_URI_REFUSED */
async function checkFolder(folder: string, { modelPathAllow }: SupplyConfig): Promise<void> {
  const roots = modelPathAllow ?? [folder]
  await allowedPath(folder, roots)
  const manifest = await allowedPath(join(folder, 'model.json'), roots)
  const { files } = parseManifest(await readFile(manifest, 'utf8'))
  for (const { path } of Object.values(files)) await allowedPath(join(folder, path), roots)
}

/**
 * The folder of the model that VALENCE_MODEL names: packaged, a folder, in the store, or fetched from its URI into the
 * store. Whether the model is any good is for loadModel to find out.
 * @throws VAL_MODEL_MISSING, VAL_MODEL_URI_REFUSED and what pulling throws
 */
export async function locateModel(name: string, config: SupplyConfig, signal?: AbortSignal): Promise<string> {
  if (isUri(name)) {
    // Loaded only here, so that a model on this machine is found at once.
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
