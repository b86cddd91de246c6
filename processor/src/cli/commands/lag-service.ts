import { startLagService } from '../../services/lag-service.ts'
import type { CliContext, ExitCode } from '../context.ts'
import { runService } from '../run-service.ts'

/** `valence lag-service`: publishes lag and the wanted number of processors until a signal. */
export function runLagService(context: CliContext): Promise<ExitCode> {
  return runService(context, startLagService)
}
