import { type HeaderRecord, headersByName, headersFromRecord, type RecordHeaders } from '@valence/schemas'
import type { IHeaders, KafkaMessage } from 'kafkajs'
import { isOverlayInstalled } from './overlay/install.ts'

/**
 * The headers of a fetched message, in order and byte for byte. Without the overlay kafkajs has an object by name: then
 * headers of one name are grouped, names that look like numbers come first, and names are converted to valid UTF-8.
 */
export function headersOf(message: { readonly headers?: KafkaMessage['headers'] | undefined }): RecordHeaders {
  const { headers, headerList } = message as { headers?: HeaderRecord; headerList?: RecordHeaders }
  return headerList ?? (headers === undefined ? [] : headersFromRecord(headers))
}

/**
 * Converts headers for sending, in order. Without the overlay, headers of one name are grouped, and null is sent as an
 * empty value, because stock kafkajs cannot encode it.
 */
export function messageHeaders(headers: RecordHeaders): IHeaders {
  if (isOverlayInstalled()) return headers as unknown as IHeaders
  return headersByName(headers.map(({ name, value }) => ({ name, value: value ?? Buffer.alloc(0) }))) as IHeaders
}
