import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Config, Environment } from '../config/config.ts'
import type { Logger } from '../observability/logger.ts'
import { scalerOptions, watchScaling } from './lag-service.ts'
import { ProcessorPool } from './processor-pool.ts'

const program = fileURLToPath(new URL('../../bin/valence.js', import.meta.url))
const restartAfterMs = 1_000

export interface SupervisorOptions {
  readonly config: Config
  /** Environment of the processors. */
  readonly environment: Environment
  readonly logger: Logger
  readonly minReplicas: number
  readonly maxReplicas: number
}

/** Runs processors as child processes under the policy of the lag service, until the signal aborts. */
export async function supervise(options: SupervisorOptions, signal: AbortSignal): Promise<void> {
  const { config, environment, logger, minReplicas, maxReplicas } = options
  const pool = new ProcessorPool({
    restartAfterMs,
    // Detached: Ctrl-C in a shell signals only the supervisor, which then stops the processors and waits for them.
    start(place) {
      const child = spawn(process.execPath, [program, 'process'], {
        detached: true,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: {
          ...environment,
          VALENCE_KAFKA_INSTANCE_ID: `${config.kafkaInstanceId ?? config.kafkaGroupId}-${place}`,
          VALENCE_ADMIN_PORT: '0',
          VALENCE_HTTP_PORT: '0',
        },
      })
      logger.info({ place, pid: child.pid }, 'processor process started')
      return child
    },
    onExit: (place, code, signal) => logger.info({ place, code, signal }, 'processor ended'),
  })
  pool.resize(minReplicas)
  const watch = watchScaling(config, logger, { ...scalerOptions(config), minReplicas, maxReplicas }, (report) => {
    if (report.desiredReplicas === pool.running) return
    const { desiredReplicas, reason, demand, capacity, total } = report
    logger.info(
      { desiredReplicas, running: pool.running, reason, demand, capacity, lag: total.lag },
      'changing the number of processors',
    )
    pool.resize(desiredReplicas)
  })
  logger.info({ minReplicas, maxReplicas, groupId: config.kafkaGroupId }, 'supervisor started')
  if (!signal.aborted) await once(signal, 'abort')
  await watch.stop()
  await pool.close()
  logger.info('stopped')
}

/** Default maximum of processors. Each already starts a worker per core, so more of them only share the same cores. */
export function fittingProcessors(cores: number): number {
  return Math.max(2, Math.floor(cores / 4))
}
