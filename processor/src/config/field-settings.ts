import { type FieldPath, isValenceError, parseFieldPath, parseFieldPaths } from '@valence/schemas'
import { z } from 'zod'
import { optional, required, text } from './setting.ts'

/** A setting that `parse` reads; what it refuses is a problem of the setting. */
function parsed<T>(parse: (given: string) => T) {
  return text.transform((given, context) => {
    try {
      return parse(given)
    } catch (error) {
      if (!isValenceError(error)) throw error
      context.addIssue({ code: 'custom', message: error.detail ?? error.message })
      return z.NEVER
    }
  })
}

const path = parsed<FieldPath>(parseFieldPath)

/** Where a record has its text, and what else is taken from it. */
export const fieldSettings = {
  VALENCE_TEXT_FIELD: optional(
    parsed<readonly FieldPath[]>(parseFieldPaths),
    "Where the text is in records of any shape: a path from the root such as `after.comment`, `items[0].body` or `['a.b']`; several, comma separated, are joined by a blank line; `.` is the whole value. Unset: records are TextEvents (docs/records.md)",
  ),
  VALENCE_ID_FIELD: required(path, 'id', 'With VALENCE_TEXT_FIELD: path of the id, a scalar; may be absent'),
  VALENCE_OCCURRED_AT_FIELD: required(
    path,
    'occurredAt',
    'With VALENCE_TEXT_FIELD: path of the time, epoch milliseconds or ISO 8601; may be absent',
  ),
  VALENCE_SOURCE_FIELD: required(
    path,
    'source',
    'With VALENCE_TEXT_FIELD: path of the source, a scalar; may be absent',
  ),
  VALENCE_LANG_FIELD: required(path, 'lang', 'With VALENCE_TEXT_FIELD: path of the language, a scalar; may be absent'),
  VALENCE_ATTRIBUTES_FIELD: required(
    path,
    'attributes',
    'With VALENCE_TEXT_FIELD: path of an object whose scalars become attributes; may be absent',
  ),
  VALENCE_MISSING_TEXT: required(
    z.enum(['reject', 'pass']),
    'reject',
    'With VALENCE_TEXT_FIELD: what becomes of a record without a text. `reject`: a dead letter. `pass`: it is committed without a result and counted; with VALENCE_OUTPUT_MODE=enrich it is published as it is',
  ),
} as const
