import { registerHooks } from 'node:module'

// Loaded into a processor with --import. The product has no switch for what it protects; its tests take the module away.
const kafka = new URL('./unprotected-kafka.ts', import.meta.url).href
const lateNotice = new URL('./late-notice.ts', import.meta.url).href
const without = process.env.TEST_WITHOUT
const nothing = 'data:text/javascript,export function rejoinBeforeFetching() {}'

/** What stands in for a module, by the name under which it is imported. */
const replacements = new Map([
  ['@valence/producer-sdk/kafka', kafka],
  ...(without === 'notice of failed commits'
    ? [['./pipeline/commit.js', lateNotice] as const, ['./pipeline/prepare.js', lateNotice] as const]
    : []),
  ...(without === 'watch over the membership' ? [['./rejoining.js', nothing] as const] : []),
])

registerHooks({
  resolve(specifier, context, nextResolve) {
    const replacement = replacements.get(specifier)
    // A replacement itself builds on what it replaces.
    if (replacement === undefined || context.parentURL === replacement) return nextResolve(specifier, context)
    return { url: replacement, shortCircuit: true }
  },
})
