import type { KafkaJsError, ProtocolRequest } from './internals.ts'

export interface Encoder {
  writeInt8(value: number): Encoder
  writeInt16(value: number): Encoder
  writeInt32(value: number): Encoder
  writeInt64(value: string | number): Encoder
  writeBoolean(value: boolean): Encoder
  writeUVarIntBytes(): Encoder
  writeUVarIntString(value: string | null | undefined): Encoder
  writeUVarIntArray(values: Encoder[]): Encoder
}

export interface Decoder {
  readInt16(): number
  readInt32(): number
  readInt64(): { toString(): string }
  readUVarIntString(): string | null
  readUVarIntArray<Item>(read: (decoder: Decoder) => Item): Item[] | null
  readTaggedFields(): unknown
}

/** kafkajs's own encoder, decoder and table of errors. */
export interface FlexibleInternals {
  readonly Encoder: new () => Encoder
  readonly Decoder: new (buffer: Buffer) => Decoder
  readonly createErrorFromCode: (code: number) => KafkaJsError
}

export interface FlexibleRequest<Answer> {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  /** Everything after the header, with its tagged fields. */
  readonly write: (encoder: Encoder) => Encoder
  readonly read: (decoder: Decoder) => Answer
  /** The error that the answer as a whole stands for. */
  readonly refusal: (answer: Answer) => KafkaJsError | undefined
}

/** By API key, what the broker told of itself; null before it is connected. */
export interface VersionedBroker {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null
}

/** Whether the broker knows the request in this version. */
export function speaks({ versions }: VersionedBroker, apiKey: number, version: number): boolean {
  return (versions?.[apiKey]?.maxVersion ?? -1) >= version
}

/**
 * A request in a flexible version (KIP-482), which kafkajs has no frame for: both headers carry tagged fields, and
 * kafkajs leaves them to the body.
 */
export function flexibleRequest<Answer>(
  { Encoder, Decoder }: FlexibleInternals,
  { apiKey, apiVersion, apiName, write, read, refusal }: FlexibleRequest<Answer>,
): ProtocolRequest {
  return {
    request: { apiKey, apiVersion, apiName, encode: async () => write(new Encoder().writeUVarIntBytes()) },
    response: {
      decode: async (payload) => {
        const decoder = new Decoder(payload)
        decoder.readTaggedFields()
        return read(decoder)
      },
      parse: async (data) => {
        const error = refusal(data as Answer)
        if (error) throw error
        return data
      },
    },
  }
}
