import Long from 'long'
import protobuf, { type IConversionOptions, type Message, type Type } from 'protobufjs'
import { ScalarMessage } from '../fields/scalar-message.ts'

const wrapped = ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes']
const msPerSecond = 1_000
const nanosPerMs = 1_000_000

/** A field of a message, which has its type's default where it is not on the wire. */
function fieldOf(message: Message, name: string): unknown {
  return (message as unknown as Readonly<Record<string, unknown>>)[name]
}

function wrappedValue(message: Message): unknown {
  const value = fieldOf(message, 'value')
  return Long.isLong(value) ? BigInt(String(value)) : value
}

/** Epoch milliseconds. */
function timeOf(message: Message): number {
  const nanos = Number(fieldOf(message, 'nanos'))
  return Number(String(fieldOf(message, 'seconds'))) * msPerSecond + Math.floor(nanos / nanosPerMs)
}

/** Has google.protobuf.Timestamp and the wrappers (StringValue, Int64Value …) converted to a ScalarMessage, wherever they stand. */
export function readWellKnownMessages(): void {
  const scalars = wrapped.map((name) => [`${name}Value`, wrappedValue] as const)
  for (const [name, scalarOf] of [...scalars, ['Timestamp', timeOf] as const]) {
    protobuf.wrappers[`.google.protobuf.${name}`] = {
      fromObject(this: Type, object: { readonly [name: string]: unknown }) {
        return this.fromObject(object)
      },
      toObject(this: Type, message: Message, options?: IConversionOptions) {
        return new ScalarMessage(this.toObject(message, options), scalarOf(message)) as never
      },
    } as never
  }
}
