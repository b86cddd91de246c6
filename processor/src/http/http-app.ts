import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { TraceContext } from '../observability/trace-context.ts'
import type { Principal, Scope } from './auth/principal.ts'

/** The application as the routes see it: schemas give the types. */
export type HttpApp = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller; set by authentication on routes with a scope. */
    principal: Principal
    /** Aborted when the caller leaves before the answer is out. */
    abandoned: AbortSignal
    /** Epoch milliseconds. */
    arrivedAt: number
    /** W3C trace id, 32 hex digits; undefined where the caller sent none. */
    traceId: string | undefined
    /** Its span; undefined where it is not sampled. */
    traceContext: TraceContext | undefined
  }
  interface FastifyContextConfig {
    /** The scope that a caller needs; a route without one is public. */
    scope?: Scope
    /** Texts that a request counts for; 1 unless given. */
    cost?: (request: FastifyRequest) => number
    /** Problems carry an `error` member as Open Inference Protocol clients expect. */
    inferenceProtocol?: true
  }
}
