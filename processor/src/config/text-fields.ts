import type { TextFields } from '@valence/schemas'
import type { Config } from './config-shape.ts'

/** Where records of any shape have their fields; undefined where records are TextEvents. */
export function textFieldsOf(config: Config): TextFields | undefined {
  const { textField: text } = config
  if (text === undefined) return undefined
  return {
    text,
    id: config.idField,
    occurredAt: config.occurredAtField,
    source: config.sourceField,
    lang: config.langField,
    attributes: config.attributesField,
  }
}
