import type { Config } from '../config/config.ts'
import type { Job } from '../jobs/job.ts'
import { withAdmin } from '../kafka/kafka-admin.ts'
import type { CliContext } from './context.ts'
import { openProgress } from './progress.ts'

/**
 * Runs a job with a new admin client and progress bar; both are closed afterwards, also after an error.
 * @param noun unit of the progress bar, in the plural
 */
export async function runJob<T>(
  { stderr, signal }: CliContext,
  config: Config,
  noun: string,
  work: (job: Job) => Promise<T>,
): Promise<T> {
  using progress = await openProgress(stderr, noun)
  return await withAdmin(config, (admin) => work({ config, admin, signal, progress }))
}
