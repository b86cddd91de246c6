import { readConfig } from '@valence/processor/config/config'
import { failed, scored, type Verdict } from '@valence/processor/domain/verdict'
import { type Authenticator, createOpenAuthenticator } from '@valence/processor/http/auth/authenticator'
import { createFacadeScorer } from '@valence/processor/http/facade-scorer'
import type { HttpApp } from '@valence/processor/http/http-app'
import { createHttpApp, type HttpServerOptions } from '@valence/processor/http/http-server'
import { Admission } from '@valence/processor/http/limits/admission'
import { unlimited } from '@valence/processor/http/limits/rate-limits'
import type { InferenceBackend } from '@valence/processor/inference/backend'
import { silentLogger } from '@valence/processor/observability/logger'
import { createMetrics, type Metrics } from '@valence/processor/observability/metrics'
import type { ScoreOptions, Scorer } from '@valence/processor/scoring/scorer'
import { checkText, isValenceError, ValenceError } from '@valence/schemas'
import { fakeModel } from '../models/fake-model.ts'

/** A scorer that answers by the text alone; `answer` may be replaced to make it fail, wait or hang. */
export class ScriptedScorer implements Scorer {
  readonly asked: { readonly texts: readonly string[]; readonly options: ScoreOptions }[] = []
  answer: (text: string, options: ScoreOptions) => Verdict | Promise<Verdict> = sentimentOf

  async score(text: string, options: ScoreOptions): Promise<Verdict> {
    const [verdict] = await this.scoreAll([text], options)
    return verdict as Verdict
  }

  async scoreAll(texts: readonly string[], options: ScoreOptions): Promise<Verdict[]> {
    this.asked.push({ texts, options })
    return Promise.all(texts.map((text) => this.answer(text, options)))
  }
}

/** Positive where the text says so; what is no text is rejected as the real scorer does. */
export function sentimentOf(raw: string): Verdict {
  try {
    const text = checkText(raw)
    const positive = /love|good/.test(text) ? 0.75 : 0.25
    const scores = { negative: 1 - positive, neutral: 0, positive }
    const label = positive > 0.5 ? 'positive' : 'negative'
    const model = { name: 'tiny', version: '1', sha256: 'abcdefabcdef' }
    return scored({ label, scores, valence: 2 * positive - 1, tokens: text.length, truncated: false, model })
  } catch (error) {
    if (!isValenceError(error)) throw error
    return failed(error)
  }
}

export const unavailable = () => failed(new ValenceError('VAL_INFERENCE_UNAVAILABLE'))

export interface TestApp extends AsyncDisposable {
  readonly app: HttpApp
  readonly scorer: ScriptedScorer
  readonly admission: Admission
  readonly metrics: Metrics
}

export interface TestAppOptions extends Partial<Omit<HttpServerOptions, 'config' | 'scorer'>> {
  readonly environment?: Record<string, string>
  readonly admitted?: number
  readonly authenticator?: Authenticator
}

/** The whole application over a scripted scorer, for `inject`. */
export async function openTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { environment = {}, admitted = 64, ...rest } = options
  const scorer = new ScriptedScorer()
  const admission = new Admission({ maxTexts: admitted })
  const metrics = createMetrics()
  const model = fakeModel({
    concurrency: 1,
    infer: async () => new Float32Array(),
    close: async () => {},
  } as InferenceBackend)
  const app = await createHttpApp({
    config: readConfig({ VALENCE_AUTH_MODE: 'none', ...environment }),
    logger: silentLogger,
    metrics,
    version: '0.0.0',
    scorer: createFacadeScorer({ scorer, admission, sliceTexts: 16 }),
    admission,
    model: () => model,
    authenticator: createOpenAuthenticator(),
    limiters: { address: unlimited, subject: unlimited },
    isReady: () => true,
    ...rest,
  })
  return { app, scorer, admission, metrics, [Symbol.asyncDispose]: () => app.close() }
}
