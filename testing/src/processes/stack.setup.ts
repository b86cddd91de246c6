import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import type { TestProject } from 'vitest/node'
import { awaitCoordinators } from '../kafka/await-coordinators.ts'

declare module 'vitest' {
  interface ProvidedContext {
    stack: { brokers: string; registryUrl: string; redisUrl: string }
  }
}

interface SharedStack {
  readonly stack: Promise<LocalStack>
  users: number
}

/** Each project loads this module anew, so what they share is kept on the process. */
const shared = globalThis as { valenceStack?: SharedStack | undefined }

async function start(): Promise<LocalStack> {
  const stack = await startLocalStack({ fromEnvironment: true })
  try {
    await awaitCoordinators(stack.brokers)
    return stack
  } catch (error) {
    await stack.stop()
    throw error
  }
}

/** One broker, registry and Redis for a whole run of all projects; tests use topics, groups and keys of their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.valenceStack ??= { stack: start(), users: 0 }
  const own = shared.valenceStack
  own.users += 1
  const stack = await own.stack
  project.provide('stack', { brokers: stack.brokers, registryUrl: stack.registryUrl, redisUrl: stack.redisUrl })
  return async () => {
    own.users -= 1
    if (own.users > 0) return
    shared.valenceStack = undefined
    await stack.stop()
  }
}
