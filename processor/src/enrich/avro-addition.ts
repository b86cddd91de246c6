import avro from 'avsc'
import { type Addition, plainAddition } from './addition.ts'

const namespace = 'io.valence.enriched.v1'

/** The Avro type of the added field; a number is put behind its names where the input's schema has types of these names. */
export function additionSchema(isTaken: (fullName: string) => boolean): object {
  const suffix = freeSuffix((own) => isTaken(`${namespace}.Sentiment${own}`) || isTaken(`${namespace}.Model${own}`))
  const string = 'string'
  return {
    type: 'record',
    name: `Sentiment${suffix}`,
    // A namespace of its own, or the types would take that of the record around them and meet others of the name there.
    namespace,
    doc: 'The sentiment of the text of the record, added by Valence.',
    fields: [
      { name: 'label', type: string },
      { name: 'scores', type: { type: 'map', values: 'double' } },
      { name: 'valence', type: 'double' },
      {
        name: 'model',
        type: {
          type: 'record',
          name: `Model${suffix}`,
          namespace,
          fields: ['name', 'version', 'sha256'].map((name) => ({ name, type: string })),
        },
      },
      { name: 'scoredAt', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'warnings', type: { type: 'array', items: string }, default: [] },
    ],
  }
}

function freeSuffix(isTaken: (suffix: string) => boolean): string {
  if (!isTaken('')) return ''
  let number = 2
  while (isTaken(String(number))) number += 1
  return String(number)
}

const nullable = avro.Type.forSchema(['null', additionSchema(() => false)] as never)

/** The bytes of the added field: its branch of the union, then the record. Names are not in them. */
export function avroAddition(addition: Addition): Buffer {
  return nullable.toBuffer(plainAddition(addition))
}
