import { startLagService } from '../../services/lag-service.ts'
import type { CliContext, ExitCode } from '../context.ts'
import { runService } from '../run-service.ts'

/** `valence lag-service`: publishes how many processors there should be until it is told to stop. */
export function runLagService(context: CliContext): Promise<ExitCode> {
  return runService(context, startLagService)
}
