import { mayHaveContainerRuntime } from './container-runtime.ts'
import { startEnvironmentStack } from './environment-provider.ts'
import type { LocalStack, LocalStackOptions } from './local-stack.ts'
import { assertNodeVersion } from './node-version.ts'
import { startProcessStack } from './process-provider.ts'

/**
 * Starts Kafka, a schema registry and Redis: in containers if a Docker engine answers, else as local processes. With
 * `fromEnvironment` it uses the parts in VALENCE_KAFKA_BROKERS and similar settings. Resolves when every part answers.
 * No started part outlives this process. VALENCE_LOCAL_PROVIDER=processes ignores a Docker engine, for example one that
 * cannot pull images. @throws StackError, which says what is missing and how to get it
 */
export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  assertNodeVersion()
  if (options.kafkaSecurity) return startProcessStack(options)
  if (options.fromEnvironment && process.env.VALENCE_KAFKA_BROKERS) return startEnvironmentStack(options)
  if (process.env.VALENCE_LOCAL_PROVIDER !== 'processes' && mayHaveContainerRuntime()) {
    // Loaded lazily: it takes half a second, which is not needed without a Docker engine.
    const { hasContainerRuntime, startContainerStack } = await import('./container-provider.ts')
    if (await hasContainerRuntime()) return startContainerStack(options)
  }
  return startProcessStack(options)
}
