import { type HeaderRecord, headersByName, headersFromRecord, type RecordHeaders } from '@valence/schemas'
import type { IHeaders, KafkaMessage } from 'kafkajs'
import { isOverlayInstalled } from './overlay/install.ts'

/**
 * The headers of a fetched message in their order, each to the byte. Without the overlay kafkajs has them by name: then
 * those of one name stand together, names that look like numbers come first, and names are made valid UTF-8.
 */
export function headersOf(message: { readonly headers?: KafkaMessage['headers'] | undefined }): RecordHeaders {
  const { headers, headerList } = message as { headers?: HeaderRecord; headerList?: RecordHeaders }
  return headerList ?? (headers === undefined ? [] : headersFromRecord(headers))
}

/**
 * Headers for a message to send, in their order. Without the overlay those of one name are sent together, and a null is
 * sent as an empty value, because stock kafkajs cannot encode it.
 */
export function messageHeaders(headers: RecordHeaders): IHeaders {
  if (isOverlayInstalled()) return headers as unknown as IHeaders
  return headersByName(headers.map(({ name, value }) => ({ name, value: value ?? Buffer.alloc(0) }))) as IHeaders
}
