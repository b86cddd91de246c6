import { randomUUID } from 'node:crypto'
import {
  checkUnicode,
  frame,
  type SchemaRegistry,
  type TextEventInput,
  textEventAvro,
  textEventJson,
  valueSubject,
} from '@valence/schemas'
import type { Message } from '../kafka/index.ts'

export type TextFormat = 'avro' | 'json'

export type HeaderValue = string | Buffer

export interface SendOptions {
  /** Records of one key stay in order, in one partition; so do their scores. */
  readonly key?: string | Buffer | null | undefined
  readonly headers?: Readonly<Record<string, HeaderValue>> | undefined
  /** Overrides the choice by key. */
  readonly partition?: number | undefined
}

/** A text ready for Kafka. `bytes`: what it will take there, about. */
export interface TextRecord {
  readonly id: string
  readonly message: Message
  readonly bytes: number
}

/** What a record adds to key and value: lengths, offsets, its share of the batch header. */
const overheadBytes = 24

/** @throws VAL_RECORD_INVALID, VAL_TEXT_EMPTY, VAL_TEXT_TOO_LARGE */
export type TextEncoder = (event: TextEventInput & { readonly id: string }) => Buffer

/** Bare JSON needs no registry; Avro is framed with the id of its schema, registered where it is not. */
export async function createTextEncoder(
  format: TextFormat,
  topic: string,
  registry: SchemaRegistry | undefined,
): Promise<TextEncoder> {
  if (format === 'json' || !registry) return (event) => textEventJson.encode(event)
  const schemaId = await registry.registerFor(valueSubject(topic), 'text-event')
  return (event) => frame(schemaId, textEventAvro.encode(event))
}

/** The event with an id and a time, if it came without. */
export function completeEvent(event: TextEventInput): TextEventInput & { readonly id: string } {
  return { ...event, id: event.id || randomUUID(), occurredAt: event.occurredAt ?? Date.now() }
}

/** @throws VAL_RECORD_NOT_UTF8 where the key or a header is a string that UTF-8 cannot spell */
export function toTextRecord(id: string, value: Buffer, { key, headers, partition }: SendOptions): TextRecord {
  if (typeof key === 'string') checkUnicode(key, 'the key')
  for (const [name, own] of Object.entries(headers ?? {})) {
    checkUnicode(name, 'the name of a header')
    if (typeof own === 'string') checkUnicode(own, `the header ${name}`)
  }
  const message: Message = {
    key: key ?? null,
    value,
    ...(headers ? { headers: { ...headers } } : {}),
    ...(partition === undefined ? {} : { partition }),
  }
  const headerBytes = Object.entries(headers ?? {}).reduce((sum, [name, own]) => sum + name.length + sizeOf(own), 0)
  return { id, message, bytes: overheadBytes + sizeOf(key ?? '') + value.length + headerBytes }
}

function sizeOf(value: HeaderValue): number {
  return Buffer.byteLength(value)
}
