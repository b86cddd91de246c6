import protobuf, { type Enum, type NamespaceBase, type Root, type Type } from 'protobufjs'
import descriptors, {
  type IDescriptorProto,
  type IEnumDescriptorProto,
  type IFileDescriptorProto,
} from 'protobufjs/ext/descriptor/index.js'

/** One file of a Protobuf schema. */
export interface ProtoFile {
  /** Names of the files that it imports. */
  readonly imports: readonly string[]
  /** Adds its messages and enums. @throws errors of protobufjs */
  addTo(root: Root): void
  /** The full name of the message that the indexes of the wire format lead to, in the order of the file. */
  messageAt(indexes: readonly number[]): string | undefined
}

/** The first field of a descriptor in base64: tag 1 of type 2, the name of the file. No .proto file begins so. */
const base64Descriptor = /^Cg[A-Za-z0-9+/\s]+=*\s*$/

/** Python's client registers descriptors in place of .proto files. */
export function isDescriptor(schema: string): boolean {
  return base64Descriptor.test(schema)
}

/** A schema as registries hold it: the text of a .proto file, or its descriptor in base64. */
export function readProtoFile(schema: string): ProtoFile {
  return isDescriptor(schema) ? fromDescriptor(Buffer.from(schema, 'base64')) : fromText(schema)
}

function fromText(text: string): ProtoFile {
  const imports = text.matchAll(/^\s*import\s+(?:public\s+|weak\s+)?["']([^"']+)["']\s*;/gm)
  const parse = (root: Root) => protobuf.parse(text, root, { keepCase: true })
  return {
    imports: [...imports].map(([, name = '']) => name),
    addTo: parse,
    messageAt(indexes) {
      const alone = new protobuf.Root()
      const { package: packageName } = parse(alone)
      let found: NamespaceBase | undefined = packageName ? (alone.lookup(packageName) as NamespaceBase) : alone
      for (const index of indexes) {
        found = found?.nestedArray.filter((nested) => nested instanceof protobuf.Type)[index]
      }
      return found?.fullName
    },
  }
}

function fromDescriptor(bytes: Buffer): ProtoFile {
  const file = descriptors.FileDescriptorProto.decode(bytes) as IFileDescriptorProto
  const packageName = file.package ?? ''
  return {
    imports: file.dependency ?? [],
    addTo(root) {
      const namespace = packageName === '' ? root : root.define(packageName)
      const edition = file.syntax === 'proto3' ? 'proto3' : 'proto2'
      for (const message of file.messageType ?? []) {
        namespace.add(completed(reflection.Type.fromDescriptor(message, edition), message))
      }
      for (const own of file.enumType ?? []) namespace.add(reflection.Enum.fromDescriptor(own, edition))
    },
    messageAt(indexes) {
      const names = ['', ...(packageName === '' ? [] : [packageName])]
      let messages = file.messageType
      for (const index of indexes) {
        const message = messages?.[index]
        if (message === undefined) return undefined
        names.push(message.name ?? '')
        messages = message.nestedType
      }
      return names.join('.')
    },
  }
}

const typeOfGroup = 10

/** A descriptor has a map as a repeated message of key and value, and a group as a message. protobufjs keeps them so. */
function completed(type: Type, { nestedType = [], field: fields = [] }: IDescriptorProto): Type {
  for (const { type: kind, typeName = '' } of fields) {
    const group = type.nested?.[typeName.slice(typeName.lastIndexOf('.') + 1)]
    if (kind === typeOfGroup && group instanceof protobuf.Type) Object.assign(group, { group: true })
  }
  for (const nested of nestedType) {
    const entry = type.nested?.[nested.name ?? ''] as Type
    if (nested.options?.mapEntry) replaceEntry(type, entry)
    else completed(entry, nested)
  }
  return type
}

function replaceEntry(type: Type, entry: Type): void {
  const [key, value] = [entry.fields.key, entry.fields.value]
  const field = type.fieldsArray.find((own) => own.type === entry.name || own.type.endsWith(`.${entry.name}`))
  if (key === undefined || value === undefined || field === undefined) throw new Error('a map without key or value')
  type.remove(field)
  type.remove(entry)
  type.add(new protobuf.MapField(field.name, field.id, key.type, value.type))
}

/** The descriptor extension adds these functions, which protobufjs's types do not know. */
const reflection = protobuf as unknown as {
  readonly Type: { fromDescriptor(descriptor: IDescriptorProto, edition: string): Type }
  readonly Enum: { fromDescriptor(descriptor: IEnumDescriptorProto, edition: string): Enum }
}
