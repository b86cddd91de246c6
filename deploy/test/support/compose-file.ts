import { parse } from 'yaml'
import { readRepositoryFile } from './repository.ts'

/** The part of a Compose service that the tests look at. */
export interface ComposeService {
  readonly image: string
  readonly profiles?: readonly string[]
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly stop_grace_period?: string
  readonly restart?: string
  readonly read_only?: boolean
  readonly deploy: {
    readonly replicas?: number
    readonly resources: { readonly limits: { readonly cpus: string; readonly memory: string } }
  }
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** `docker-compose.yml` with its anchors and merges resolved, as Compose resolves them. */
export function readComposeFile(): ComposeFile {
  return parse(readRepositoryFile('docker-compose.yml'), { merge: true }) as ComposeFile
}

export function serviceNamed(file: ComposeFile, name: string): ComposeService {
  const service = file.services[name]
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`)
  return service
}
