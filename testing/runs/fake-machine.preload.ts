/** Loaded before anything else (`node --import`): lets the process see the machine that TEST_MACHINE names. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { fakedMachines } from './faked-machines.ts'

const machine = fakedMachines[process.env.TEST_MACHINE ?? '']
if (machine !== undefined) {
  const { cores, memoryBytes, cpuFlags } = machine
  const cpu = { model: 'Faked', speed: 2_000, times: { user: 1, nice: 0, sys: 1, idle: 1, irq: 0 } }
  Object.assign(os, {
    availableParallelism: () => cores,
    cpus: () => Array.from({ length: cores }, () => cpu),
    totalmem: () => memoryBytes,
    freemem: () => memoryBytes / 2,
    loadavg: () => [cores * 2, cores * 2, cores * 2],
    hostname: () => `${'x'.repeat(50)}.${machine.environment.LANG?.slice(0, 2).toLowerCase()}.example`,
  })
  const text = `processor\t: 0\nflags\t\t: ${cpuFlags}\nFeatures\t: ${cpuFlags}\n`
  const readFile = fs.promises.readFile
  const readFileSync = fs.readFileSync
  const isCpuInfo = (path: unknown) => path === '/proc/cpuinfo'
  Object.assign(fs.promises, {
    readFile: (...args: Parameters<typeof readFile>) =>
      isCpuInfo(args[0]) ? Promise.resolve(text) : readFile(...args),
  })
  Object.assign(fs, {
    readFileSync: (...args: Parameters<typeof readFileSync>) => (isCpuInfo(args[0]) ? text : readFileSync(...args)),
  })
  syncBuiltinESMExports()
}
