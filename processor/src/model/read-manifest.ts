import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ValenceError } from '@valence/schemas'
import { type ModelManifest, parseManifest } from './manifest.ts'

/** Reads only the manifest; files are not verified. @throws VAL_MODEL_MISSING, VAL_MODEL_MANIFEST_INVALID */
export async function readManifest(folder: string): Promise<ModelManifest> {
  const path = join(folder, 'model.json')
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new ValenceError('VAL_MODEL_MISSING', `${path} cannot be read`, { cause })
  })
  return parseManifest(text)
}
