import { defineConfig } from 'vitest/config'
import { cleanRunEnvironment } from '../runs/clean-environment.ts'
import { sourceConditions } from '../runs/source-conditions.ts'

cleanRunEnvironment(process.env)

/** The unit tests of the mutated rooms: a mutant counts as killed only where a test of a room itself fails. */
export default defineConfig({
  resolve: { conditions: sourceConditions },
  ssr: { resolve: { conditions: sourceConditions, externalConditions: sourceConditions } },
  test: {
    include: ['processor/test/unit/{pipeline,scaling,scoring}/**/*.test.ts'],
    // Minutes of simulated load: they would be run again for each mutant of the policy, which has tests of its own.
    exclude: ['**/simulation.test.ts'],
    setupFiles: ['./testing/runs/clean-environment.setup.ts'],
    provide: { suite: 'unit' },
  },
})
