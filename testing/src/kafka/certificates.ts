import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

/** A folder of certificates for 127.0.0.1, each as `name.crt` and `name.key`. */
export class Certificates implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'valence-tls-'))

  path(file: string): string {
    return join(this.#folder, file)
  }

  read(name: string): { cert: Buffer; key: Buffer } {
    return { cert: readFileSync(this.path(`${name}.crt`)), key: readFileSync(this.path(`${name}.key`)) }
  }

  /** An authority that can sign others. */
  async authority(name: string): Promise<void> {
    await this.#make(name, name, [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ])
  }

  /** A certificate of an authority, or of itself. An older one of the name is replaced. */
  async certify(name: string, { subject = name, by }: { subject?: string; by?: string } = {}): Promise<void> {
    const altNames = [{ type: 7 as const, ip: '127.0.0.1' }]
    await this.#make(name, subject, [{ name: 'subjectAltName', altNames }], by)
  }

  async #make(
    name: string,
    subject: string,
    extensions: NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>,
    by?: string,
  ): Promise<void> {
    const issuer = by === undefined ? undefined : this.read(by)
    const { cert, private: key } = await generate([{ name: 'commonName', value: subject }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions,
      ...(issuer && { ca: { cert: issuer.cert.toString(), key: issuer.key.toString() } }),
    })
    writeFileSync(this.path(`${name}.key`), key)
    writeFileSync(this.path(`${name}.crt`), cert)
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }
}
