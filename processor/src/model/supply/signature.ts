import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ValenceError } from '@valence/schemas'

/** Reads the public key. @throws VAL_FILE_UNREADABLE; VAL_CONFIG_INVALID if it is not an Ed25519 public key */
export function readPublicKey(path: string): KeyObject {
  let pem: string
  try {
    pem = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ValenceError('VAL_FILE_UNREADABLE', `${path} (VALENCE_MODEL_PUBLIC_KEY_FILE)`, { cause })
  }
  try {
    const key = createPublicKey(pem)
    // A private key would work, but it must not be deployed to processors.
    if (!pem.includes('PRIVATE KEY') && key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Reported below, together with other key types.
  }
  throw new ValenceError('VAL_CONFIG_INVALID', `VALENCE_MODEL_PUBLIC_KEY_FILE: ${path} has no Ed25519 public key`)
}

/** 64 raw bytes, or base64 text. */
function decode(signature: Buffer): Buffer {
  return signature.length === 64 ? signature : Buffer.from(signature.toString('latin1').trim(), 'base64')
}

/**
 * Checks the detached signature over the exact bytes of the manifest. @throws VAL_MODEL_SIGNATURE_MISSING,
 * VAL_MODEL_SIGNATURE_INVALID
 */
export function verifySignature(manifest: Buffer, signature: Buffer | undefined, key: KeyObject): void {
  if (signature === undefined) throw new ValenceError('VAL_MODEL_SIGNATURE_MISSING')
  const bytes = decode(signature)
  if (bytes.length !== 64 || !verify(null, manifest, key, bytes)) throw new ValenceError('VAL_MODEL_SIGNATURE_INVALID')
}
