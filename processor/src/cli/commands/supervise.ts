import { readConfig } from '../../config/config.ts'
import { createLogger } from '../../observability/logger.ts'
import { fittingProcessors, supervise } from '../../services/supervisor.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { countOption } from '../options.ts'

/** `valence supervise`: runs processors as child processes, as many as the scaling policy of the lag service wants. */
export async function runSupervise(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const { environment, signal } = context
  const config = readConfig(environment)
  const logger = createLogger(config.logLevel)
  const minReplicas = countOption(options, 'min', 0) ?? config.scalingMinReplicas
  const maxReplicas =
    countOption(options, 'max') ?? config.scalingMaxReplicas ?? fittingProcessors((await context.machine()).cores)
  await supervise({ config, environment, logger, minReplicas, maxReplicas }, signal)
  return 0
}
