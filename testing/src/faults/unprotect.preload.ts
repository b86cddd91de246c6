import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'

// Loaded into a processor with --import. The product has no switch for what it protects; its tests take the module away.
const root = new URL('../../../', import.meta.url)
const kafka = new URL('./unprotected-kafka.ts', import.meta.url).href
const lateNotice = new URL('./late-notice.ts', import.meta.url).href
const nothing = 'data:text/javascript,export function rejoinBeforeFetching() {}'

const withoutAny = { 'producer-sdk/dist/kafka/index.js': kafka }
const withoutOne: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'notice of failed commits': {
    'processor/dist/pipeline/commit.js': lateNotice,
    'processor/dist/pipeline/prepare.js': lateNotice,
  },
  'watch over the membership': { 'producer-sdk/dist/kafka/overlay/rejoining.js': nothing },
}

/** What stands in for a module, by the URL of the module. */
const replacements = new Map(
  Object.entries({ ...withoutAny, ...withoutOne[process.env.TEST_WITHOUT ?? ''] }).map(([path, replacement]) => {
    const module = new URL(path, root)
    // A module that has moved would not be replaced, and the run would show nothing.
    if (!existsSync(module)) throw new Error(`there is no module ${path} to be taken away`)
    return [module.href, replacement]
  }),
)

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context)
    const replacement = replacements.get(resolved.url)
    // A replacement itself builds on what it replaces.
    if (replacement === undefined || context.parentURL === replacement) return resolved
    return { url: replacement, shortCircuit: true }
  },
})
