import { startProcessor } from '../../services/processor.ts'
import type { CliContext, ExitCode } from '../context.ts'
import { runService } from '../run-service.ts'

/** `valence process`: runs a processor until a signal or a fatal error. */
export function runProcess(context: CliContext): Promise<ExitCode> {
  return runService(context, startProcessor)
}
