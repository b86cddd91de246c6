import { setTimeout as delay } from 'node:timers/promises'
import { isValenceError } from '@valence/schemas'
import { readConfig, redactConfig } from '../config/config.ts'
import { threadsBack } from '../inference/native-threads.ts'
import { createLogger, prettyDestination } from '../observability/logger.ts'
import { startTracing } from '../observability/tracing.ts'
import type { Service, ServiceOptions } from '../services/service.ts'
import type { CliContext, ExitCode } from './context.ts'

/** Longest wait for inference threads after a failure. Chosen, not measured: a full batch takes 10 ms (decision 5). */
const haltMs = 1_000

type Start = (options: ServiceOptions) => Promise<Service>

/** Runs a service until the signal aborts (exit code 0) or a fatal error (exit code 1, for a restart). */
export async function runService({ environment, stderr, signal, exit }: CliContext, start: Start): Promise<ExitCode> {
  const config = readConfig(environment)
  const logger = createLogger(config.logLevel, stderr.isTTY ? await prettyDestination() : undefined)
  logger.info({ config: redactConfig(config) }, 'starting')
  const crashed = Promise.withResolvers<Error>()
  const tracing = await startTracing(environment)
  const stopped = aborted(signal)
  // The shutdown timeout runs from the signal on and covers a hanging start, drain or connection.
  let deadline: NodeJS.Timeout | undefined
  void stopped.then(() => {
    deadline = setTimeout(() => exit(1), config.shutdownTimeoutMs)
  })
  try {
    const app = await startUnlessStopped(start, { config, logger, signal, tracing, onFatal: crashed.resolve })
    if (app === undefined) return 0
    const failure = await Promise.race([stopped, crashed.promise])
    if (failure !== undefined) {
      const code = isValenceError(failure) ? failure.code : undefined
      await halted(app)
      // Logged after the halt, whose own log lines come first, so that the last line is the cause.
      logger.fatal({ err: failure, code, cause: failure.cause }, 'failed, exiting for a restart')
      return exit(1)
    }
    logger.info('stopping')
    await app.stop()
    await tracing?.stop().catch((err: unknown) => logger.warn({ err }, 'last spans not sent'))
    logger.info('stopped')
    return 0
  } finally {
    // Exiting while a thread is in native code ends the process with SIGABRT. Hanging threads are not waited for.
    if (signal.aborted) await threadsBack()
    clearTimeout(deadline)
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

/** Waits for inference threads, at most `haltMs`: exiting while a thread runs a model ends the process with SIGABRT. */
async function halted(app: Service): Promise<void> {
  await Promise.race([app.halt?.().catch(() => undefined), delay(haltMs)])
}

/** Undefined if the signal aborted before the start was complete. */
async function startUnlessStopped(start: Start, options: ServiceOptions): Promise<Service | undefined> {
  try {
    return await start(options)
  } catch (error) {
    if (!options.signal.aborted) throw error
    options.logger.info('stopped before the start was complete')
    return undefined
  }
}
