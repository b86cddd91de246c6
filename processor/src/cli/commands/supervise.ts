import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../../config/config.ts'
import { createLogger } from '../../observability/logger.ts'
import { scalerOptions, watchScaling } from '../../services/lag-service.ts'
import { ProcessorPool } from '../../services/processor-pool.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { countOption } from '../options.ts'

const program = fileURLToPath(new URL('../../../bin/valence.js', import.meta.url))
const restartAfterMs = 1_000

/** `valence supervise`: processors as child processes under the policy of the lag service. */
export async function runSupervise(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const logger = createLogger(config.logLevel)
  const minReplicas = countOption(options, 'min', 0) ?? config.scalingMinReplicas
  const maxReplicas =
    countOption(options, 'max') ?? config.scalingMaxReplicas ?? fitting((await context.machine()).cores)
  const pool = new ProcessorPool({
    restartAfterMs,
    // A shell's Ctrl-C reaches the supervisor alone: it stops the others in order, and waits for them.
    start(place) {
      const child = spawn(process.execPath, [program, 'process'], {
        detached: true,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: {
          ...context.environment,
          VALENCE_KAFKA_INSTANCE_ID: `${config.kafkaInstanceId ?? config.kafkaGroupId}-${place}`,
          VALENCE_ADMIN_PORT: '0',
          VALENCE_HTTP_PORT: '0',
        },
      })
      logger.info({ place, pid: child.pid }, 'processor begun')
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
  await new Promise<void>((resolve) => {
    if (context.signal.aborted) resolve()
    context.signal.addEventListener('abort', () => resolve())
  })
  await watch.stop()
  await pool.close()
  logger.info('stopped')
  return 0
}

/** A processor takes a worker for each core by itself; more than a few on one machine share what there is. */
function fitting(cores: number): number {
  return Math.max(2, Math.floor(cores / 4))
}
