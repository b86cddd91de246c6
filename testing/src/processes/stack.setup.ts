import { startLocalStack } from '@valence/deploy/local/stack'
import type { TestProject } from 'vitest/node'
import { awaitCoordinators } from '../kafka/await-coordinators.ts'

declare module 'vitest' {
  interface ProvidedContext {
    stack: { brokers: string; registryUrl: string; redisUrl: string }
  }
}

/** One broker, registry and Redis for a whole run; tests use topics, groups and keys of their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startLocalStack()
  try {
    await awaitCoordinators(stack.brokers)
  } catch (error) {
    await stack.stop()
    throw error
  }
  project.provide('stack', { brokers: stack.brokers, registryUrl: stack.registryUrl, redisUrl: stack.redisUrl })
  return () => stack.stop()
}
