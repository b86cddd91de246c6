import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const readJson = <T>(path: string): T => JSON.parse(readFileSync(join(repository, path), 'utf8')) as T

interface LockedPackage {
  readonly version?: string
  readonly license?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly link?: true
  readonly dev?: true
  readonly hasInstallScript?: true
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly allowScripts?: Readonly<Record<string, boolean>>
}

const lock = readJson<{ packages: Record<string, LockedPackage> }>('package-lock.json').packages
const installed = Object.entries(lock).filter(([path, { link }]) => path.startsWith('node_modules/') && !link)
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
const manifests = ['.', 'schemas', 'producer-sdk', 'processor'].map((workspace) =>
  readJson<Manifest>(join(workspace, 'package.json')),
)

/** Licences that may go into what users run: none of them asks for more than to be named. */
const shipped = new Set([
  '0BSD',
  '(MIT OR CC0-1.0)',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
])
/** Licences of tools, which never leave the developer's machine. */
const tools = new Set([
  ...shipped,
  '(MIT AND Zlib)',
  'Artistic-2.0',
  'CC-BY-3.0',
  'CC-BY-4.0',
  'CC0-1.0',
  'MIT OR Apache-2.0',
  'MPL-2.0',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
])
/** Packages that state their licence in a file and not in their manifest. */
const stated: Readonly<Record<string, string>> = {
  '@kafkajs/confluent-schema-registry': 'MIT',
  buildcheck: 'MIT',
  'cpu-features': 'MIT',
  ssh2: 'MIT',
}

function licencesOutside(allowed: ReadonlySet<string>, packages: typeof installed): string[] {
  return packages
    .map(([path, { license }]) => `${nameOf(path)}: ${license ?? stated[nameOf(path)]}`)
    .filter((line) => !allowed.has(line.replace(/^.*: /, '')))
}

describe('dependencies', () => {
  it('are pinned exactly where we name them', () => {
    const loose = manifests
      .flatMap(({ dependencies, devDependencies }) => Object.entries({ ...dependencies, ...devDependencies }))
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    expect(loose).toEqual([])
  })

  it('are locked by their content, whatever registry or mirror serves them', () => {
    const unlocked = installed.filter(([, { integrity, version }]) => !integrity?.startsWith('sha512-') || !version)
    expect(unlocked.map(([path]) => path)).toEqual([])
    const elsewhere = installed.filter(
      ([, { resolved = 'https://registry.npmjs.org/' }]) => !resolved.startsWith('https://registry.npmjs.org/'),
    )
    expect(elsewhere.map(([path]) => path)).toEqual([])
  })

  it('may be shipped under our licence', () => {
    expect(
      licencesOutside(
        shipped,
        installed.filter(([, { dev }]) => !dev),
      ),
    ).toEqual([])
  })

  it('may be used, where they are tools', () => {
    expect(
      licencesOutside(
        tools,
        installed.filter(([, { dev }]) => dev),
      ),
    ).toEqual([])
  })

  it('run no script when they are installed, but for the one that brings Node', () => {
    const allowScripts = manifests[0]?.allowScripts ?? {}
    const asking = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path))
    expect(Object.keys(allowScripts).sort()).toEqual(asking.sort())
    expect(asking.filter((name) => allowScripts[name])).toEqual(['node'])
  })
})
