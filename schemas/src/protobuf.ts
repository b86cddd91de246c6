/** What both reading and enriching need of Protobuf; an entry of its own, so that others do not load protobufjs. */
export { type MessageIndexes, readMessageIndexes } from './registry/message-indexes.ts'
export { isDescriptor } from './registry/proto-file.ts'
