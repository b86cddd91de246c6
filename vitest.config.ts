import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { cleanRunEnvironment } from './testing/runs/clean-environment.ts'

// Before vitest starts a worker: time zone and locale are read once, when a process starts.
cleanRunEnvironment(process.env)

// Three places, or vitest tests a stale dist: see https://vitest.dev/config/#resolve-conditions
const conditions = ['@valence/source', 'import', 'module', 'node', 'default']
const workspaces = '{schemas,producer-sdk,processor,testing,deploy}'

const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
}

function suite(
  name: string,
  options: { testTimeout: number; globalSetup?: string[]; maxWorkers: number; sequence: { groupOrder: number } },
) {
  return {
    ...shared,
    test: {
      name,
      include: [`${workspaces}/test/${name}/**/*.test.ts`],
      setupFiles: ['./testing/runs/clean-environment.setup.ts'],
      provide: { suite: name },
      pool: 'forks' as const,
      hookTimeout: 120_000,
      // A bound for what never comes. A busy machine may take its time over what does.
      expect: { poll: { timeout: 30_000 } },
      ...options,
    },
  }
}

const cores = availableParallelism()
const onParts = {
  globalSetup: ['./testing/src/processes/stack.setup.ts'],
  // Each file starts processors beside the shared parts, and some measure silences: three at once on two cores broke bounds.
  maxWorkers: Math.max(1, cores - 1),
  sequence: { groupOrder: 1 },
}

// No suite has a second try: one that hides a race in a test hides it in the product too.
export default defineConfig({
  test: {
    projects: [
      suite('unit', { testTimeout: 60_000, maxWorkers: cores, sequence: { groupOrder: 0 } }),
      suite('contract', { testTimeout: 60_000, ...onParts }),
      suite('integration', { testTimeout: 120_000, ...onParts }),
      // One at a time: each has three brokers and processors, and measures silences.
      suite('faults', { testTimeout: 900_000, maxWorkers: 1, sequence: { groupOrder: 2 } }),
    ],
  },
})
