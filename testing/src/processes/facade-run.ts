import { readConfig } from '@valence/processor/config/config'
import { createLogger, type Logger, silentLogger } from '@valence/processor/observability/logger'
import { type Facade, startFacade } from '@valence/processor/services/http-service'

export interface FacadeRun extends AsyncDisposable {
  readonly facade: Facade
  readonly url: string
  /** Lines of the log, parsed. */
  readonly log: readonly Record<string, unknown>[]
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  score(text: string, headers?: Record<string, string>): Promise<Response>
  metric(name: string, labels?: string): Promise<number>
  readiness(): Promise<{ status: string; checks: Record<string, string> }>
}

// Another model than the packaged one can be put under test.
const model = process.env.VALENCE_MODEL === undefined ? {} : { VALENCE_MODEL: process.env.VALENCE_MODEL }

/** The facade in this process, on ports of its own, with the real engine. */
export async function runFacade(environment: Readonly<Record<string, string>> = {}): Promise<FacadeRun> {
  const log: Record<string, unknown>[] = []
  const logger: Logger = createLogger('debug', { write: (line) => void log.push(JSON.parse(line)) })
  const config = readConfig({
    VALENCE_AUTH_MODE: 'none',
    VALENCE_HTTP_PORT: '0',
    VALENCE_ADMIN_PORT: '0',
    VALENCE_INFERENCE_WORKERS: '1',
    ...model,
    ...environment,
  })
  const facade = await startFacade({
    config,
    logger: environment.VALENCE_LOG_LEVEL ? logger : silentLogger,
    onFatal: (error) => {
      throw error
    },
  })
  const url = `http://127.0.0.1:${facade.port}`
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  return {
    facade,
    url,
    log,
    post,
    score: (text, headers) => post('/v1/score', { text }, headers),
    async metric(name, labels = '') {
      const response = await fetch(`http://127.0.0.1:${facade.adminPort}/metrics`)
      return (await response.text())
        .split('\n')
        .filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(labels))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    },
    async readiness() {
      return (await fetch(`http://127.0.0.1:${facade.adminPort}/readyz`)).json() as never
    },
    [Symbol.asyncDispose]: () => facade.stop(),
  }
}
