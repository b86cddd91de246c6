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
    // Simulated load, of minutes and of seconds: it would be run again for each mutant of the policies, which have tests of
    // their own.
    exclude: ['**/simulation.test.ts', '**/http-beside-backlog.test.ts'],
    setupFiles: ['./testing/runs/clean-environment.setup.ts'],
    provide: { suite: 'unit' },
  },
})
