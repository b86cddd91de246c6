import { ValenceError } from '@valence/schemas'

/** A message of a .proto file: its name, where its closing brace stands, and the messages inside it, in their order. */
export interface ProtoMessage {
  readonly name: string
  readonly end: number
  readonly messages: readonly ProtoMessage[]
}

export interface MessageLayout {
  readonly messages: readonly ProtoMessage[]
  /** Its fields of one value need a label. */
  readonly isProto2: boolean
}

/** A block in braces; of messages only those inside it count. */
interface Block {
  readonly name: string
  readonly isMessage: boolean
  readonly messages: ProtoMessage[]
}

const string = /"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'/
const comments = new RegExp(`${string.source}|//[^\\n]*|/\\*[\\s\\S]*?\\*/`, 'g')
const tokens = new RegExp(`${string.source}|[\\w.]+|[^\\s\\w.]`, 'g')

/** Keeps strings, and puts blanks in the place of a comment, so that offsets stay. */
function blank(found: string): string {
  return found.startsWith('/') ? ' '.repeat(found.length) : found
}

/**
 * The messages of a .proto file that parses. They stand in the order in which the wire format counts them: nested ones and
 * groups in their message. @throws VAL_SCHEMA_MISMATCH where braces do not match
 */
export function locateMessages(text: string): MessageLayout {
  const blocks: [Block, ...Block[]] = [{ name: '', isMessage: true, messages: [] }]
  let statement: string[] = []
  let isProto2 = true
  for (const { 0: token, index } of text.replace(comments, blank).matchAll(tokens)) {
    if (token === '{') blocks.push(blockOf(statement))
    else if (token === '}') close(blocks, index)
    else if (token === ';') isProto2 &&= !isOfLaterSyntax(statement)
    else {
      statement.push(token)
      continue
    }
    statement = []
  }
  if (blocks.length !== 1) throw unreadable()
  return { messages: blocks[0].messages, isProto2 }
}

/** A file without such a statement is proto2. */
function isOfLaterSyntax([keyword, , value = '']: readonly string[]): boolean {
  return keyword === 'edition' || (keyword === 'syntax' && !value.includes('proto2'))
}

/** `message Name {` and `optional group Name = 1 {`. An option in braces, an enum or a oneof is no message. */
function blockOf(statement: readonly string[]): Block {
  if (statement[0] === 'message') return { name: statement[1] ?? '', isMessage: true, messages: [] }
  const name = statement[statement.slice(0, 2).indexOf('group') + 1] ?? ''
  // A field may be named group: then `=` follows it.
  return { name, isMessage: statement.slice(0, 2).includes('group') && /^\w/.test(name), messages: [] }
}

function close(blocks: Block[], end: number): void {
  const closed = blocks.pop()
  const around = blocks.at(-1)
  if (closed === undefined || around === undefined) throw unreadable()
  if (closed.isMessage) around.messages.push({ name: closed.name, end, messages: closed.messages })
  // A group in a oneof is a message of the message around the oneof.
  else around.messages.push(...closed.messages)
}

function unreadable(): ValenceError {
  return new ValenceError('VAL_SCHEMA_MISMATCH', 'the braces of the Protobuf schema do not match')
}
