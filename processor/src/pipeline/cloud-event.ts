import { checkUnicode, httpHeaderText, parseIsoTime, type RecordHeaders, type TextEvent } from '@valence/schemas'

/**
 * Id, time and source of a CloudEvent in Kafka's binary mode, which has them in headers, where the payload has none of its
 * own. A time that does not parse is left out: it describes the event, and the text is there. CloudEvents 1.0, Kafka binding 3.2.
 */
export function withCloudEventHeaders(event: TextEvent, headers: RecordHeaders): TextEvent {
  const attribute = (name: string) => {
    const value = httpHeaderText(headers, `ce_${name}`)
    return value === undefined ? null : checkUnicode(value, `header ce_${name}`)
  }
  if (attribute('specversion') === null) return event
  const time = parseIsoTime(attribute('time') ?? '')
  return {
    ...event,
    id: event.id ?? (attribute('id') || null),
    occurredAt: event.occurredAt ?? (Number.isNaN(time) ? null : time),
    source: event.source ?? attribute('source'),
  }
}
