import { mayHaveContainerRuntime } from './container-runtime.ts'
import { startEnvironmentStack } from './environment-provider.ts'
import type { LocalStack, LocalStackOptions } from './local-stack.ts'
import { assertNodeVersion } from './node-version.ts'
import { startProcessStack } from './process-provider.ts'

/**
 * Starts Kafka, a schema registry and Redis: in containers where a Docker engine answers, else as processes of this
 * machine. With `fromEnvironment` it takes those that VALENCE_KAFKA_BROKERS and its like name. Resolves once every part answers. Throws StackError, which says what
 * is missing and how to get it. Nothing that was started outlives this process. VALENCE_LOCAL_PROVIDER=processes passes
 * an engine over, for one that cannot pull images.
 */
export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  assertNodeVersion()
  if (options.kafkaSecurity) return startProcessStack(options)
  if (options.fromEnvironment && process.env.VALENCE_KAFKA_BROKERS) return startEnvironmentStack(options)
  if (process.env.VALENCE_LOCAL_PROVIDER !== 'processes' && mayHaveContainerRuntime()) {
    // Loaded late: it takes half a second, which a machine without an engine need not spend.
    const { hasContainerRuntime, startContainerStack } = await import('./container-provider.ts')
    if (await hasContainerRuntime()) return startContainerStack(options)
  }
  return startProcessStack(options)
}
