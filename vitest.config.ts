import { defineConfig } from 'vitest/config'

// Three places, or vitest tests a stale dist: see https://vitest.dev/config/#resolve-conditions
const conditions = ['@valence/source', 'import', 'module', 'node', 'default']
const workspaces = '{schemas,producer-sdk,processor,deploy,.}'

const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
}

function suite(
  name: string,
  options: { testTimeout: number; globalSetup?: string[]; fileParallelism?: boolean; retry?: number },
) {
  return {
    ...shared,
    test: {
      name,
      include: [`${workspaces}/test/${name}/**/*.test.ts`],
      pool: 'forks' as const,
      hookTimeout: 120_000,
      ...options,
    },
  }
}

export default defineConfig({
  test: {
    projects: [
      suite('unit', { testTimeout: 5_000 }),
      suite('contract', { testTimeout: 60_000, globalSetup: ['./processor/test/support/stack.setup.ts'] }),
      // A broker that has just begun may still be finding itself: CI gives such a test a second try and says so. Those
      // that count what was lost or doubled never get one.
      suite('integration', {
        testTimeout: 120_000,
        globalSetup: ['./processor/test/support/stack.setup.ts'],
        retry: process.env.CI ? 1 : 0,
      }),
      // One at a time: each has three brokers and processors, and measures silences.
      suite('faults', { testTimeout: 900_000, fileParallelism: false }),
    ],
  },
})
