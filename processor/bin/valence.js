#!/usr/bin/env node
import module from 'node:module'

// Older releases would fail later, and in words that name a symbol instead of the cause.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `valence needs Node.js 24 or newer, this is ${process.versions.node}; in a clone, run: npx valence\n`,
  )
  process.exit(2)
}

/**
 * Each swap opens and closes a model. glibc keeps what was freed unless told to trim, and V8 lets both generations grow
 * while the machine has memory: a backlog doubled the old one in a minute, with what nobody needed any more. All are
 * read when a process begins, so a service begins once more, under the same process id.
 */
function boundMemory({ env, argv, execArgv, execPath }) {
  const isService = argv[2] === 'process' || argv[2] === 'serve'
  const isChosen = env.MALLOC_TRIM_THRESHOLD_ !== undefined || env.MALLOC_MMAP_THRESHOLD_ !== undefined
  if (!isService || isChosen || process.platform !== 'linux') return
  const allocator = { MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' }
  // What comes later wins: an operator's own NODE_OPTIONS do.
  const options = `--max-semi-space-size=8 ${env.NODE_OPTIONS ?? ''}`.trim()
  // The old generation is collected when it has grown by so much; NODE_OPTIONS does not take this one.
  const flags = ['--heap-growing-percent=40', ...execArgv]
  process.execve(execPath, [execPath, ...flags, ...argv.slice(1)], { ...env, ...allocator, NODE_OPTIONS: options })
}

boundMemory(process)
module.enableCompileCache?.()
await import('../dist/main.js')
