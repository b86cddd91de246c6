import type { LocalStackOptions } from './local-stack.ts'
import { StackError } from './stack-error.ts'

function readPort(name: string, environment: NodeJS.ProcessEnv): number | undefined {
  const given = environment[name]
  if (!given) return undefined
  const port = Number(given)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new StackError(`${name}=${given} is not a port`, ['set it to a number from 1 to 65535, or leave it out'])
  }
  return port
}

/** Reads the variables of the command line: KAFKA_NODES, KAFKA_PORT, REGISTRY_PORT, REDIS_PORT. */
export function readStackRequest(environment: NodeJS.ProcessEnv) {
  const nodes = environment.KAFKA_NODES || '1'
  if (nodes !== '1' && nodes !== '3') {
    throw new StackError(`KAFKA_NODES=${nodes} is not possible`, ['set it to 1 or 3, or leave it out'])
  }
  const asked = {
    kafka: readPort('KAFKA_PORT', environment),
    registry: readPort('REGISTRY_PORT', environment),
    redis: readPort('REDIS_PORT', environment),
  }
  const ports = Object.fromEntries(Object.entries(asked).filter(([, port]) => port !== undefined))
  return { kafkaNodes: nodes === '3' ? 3 : 1, ports } satisfies LocalStackOptions
}
