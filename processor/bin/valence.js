#!/usr/bin/env node
import module from 'node:module'

// Older releases would fail later, and in words that name a symbol instead of the cause.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `valence needs Node.js 24 or newer, this is ${process.versions.node}; in a clone, run: npx valence\n`,
  )
  process.exit(2)
}
module.enableCompileCache?.()
await import('../dist/main.js')
