import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { cleanRunEnvironment } from './testing/runs/clean-environment.ts'
import { sourceConditions } from './testing/runs/source-conditions.ts'

// Before vitest starts a worker: time zone and locale are read once, when a process starts.
cleanRunEnvironment(process.env)

const workspaces = '{schemas,producer-sdk,processor,testing,deploy}'

// Three places: see https://vitest.dev/config/#resolve-conditions
const shared = {
  resolve: { conditions: sourceConditions },
  ssr: { resolve: { conditions: sourceConditions, externalConditions: sourceConditions } },
}

function suite(
  name: string,
  options: {
    testTimeout: number
    globalSetup?: string[]
    include?: string[]
    exclude?: string[]
    maxWorkers: number
    sequence: { groupOrder: number }
  },
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
/** On a Kafka, registry and Redis that all of them share. */
const onParts = { globalSetup: ['./testing/src/processes/stack.setup.ts'] }
/** Files that bound a silence, a pace or a start, or whose processors take the whole machine: one at a time, after the others. */
const alone = [
  'processor/test/integration/cli/score-process.test.ts',
  'processor/test/integration/engine-cost.test.ts',
  'processor/test/integration/http/fuzz.test.ts',
  'processor/test/integration/kafka/secured.test.ts',
  'processor/test/integration/pipeline/{bombs,faults,kill,quiet,quiet-faults,record-faults}.test.ts',
  'processor/test/integration/scaling/*.test.ts',
  'processor/test/integration/scoring/hanging-graph.test.ts',
  'producer-sdk/test/integration/idle-cost.test.ts',
]

// No suite has a second try: one that hides a race in a test hides it in the product too.
export default defineConfig({
  test: {
    // Counted by `make coverage` only.
    coverage: {
      provider: 'v8',
      include: ['{schemas,producer-sdk,processor}/src/**/*.ts'],
      reporter: ['html', 'json-summary'],
      reportOnFailure: true,
    },
    projects: [
      suite('unit', { testTimeout: 60_000, maxWorkers: cores, sequence: { groupOrder: 0 } }),
      suite('contract', { testTimeout: 60_000, ...onParts, maxWorkers: cores + 1, sequence: { groupOrder: 1 } }),
      suite('integration', {
        testTimeout: 120_000,
        ...onParts,
        exclude: alone,
        // These wait for brokers and processes more than they compute: two cores are half idle with two of them.
        maxWorkers: cores + 1,
        sequence: { groupOrder: 1 },
      }),
      suite('alone', {
        testTimeout: 180_000,
        ...onParts,
        include: alone,
        maxWorkers: 1,
        sequence: { groupOrder: 2 },
      }),
      // One at a time: each has three brokers and processors, and measures silences.
      suite('faults', { testTimeout: 900_000, maxWorkers: 1, sequence: { groupOrder: 3 } }),
    ],
  },
})
