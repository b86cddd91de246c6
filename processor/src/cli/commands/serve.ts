import { startFacade } from '../../services/http-service.ts'
import type { CliContext, ExitCode } from '../context.ts'
import { runService } from '../run-service.ts'

/** `valence serve`: runs the HTTP facade until a signal or a fatal error. */
export function runServe(context: CliContext): Promise<ExitCode> {
  return runService(context, startFacade)
}
