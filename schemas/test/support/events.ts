import type { DeadLetter, ScoredEvent, TextEvent } from '../../src/index.ts'

/** A text event with every field set. */
export function textEvent(overrides: Partial<TextEvent> = {}): TextEvent {
  return {
    id: 'tweet-1',
    text: 'What a wonderful day',
    occurredAt: 1_735_689_600_123,
    source: 'tweets',
    lang: 'en',
    attributes: { author: 'ann', 'reply to': 'bob' },
    ...overrides,
  }
}

export function scoredEvent(overrides: Partial<ScoredEvent> = {}): ScoredEvent {
  return {
    id: 'tweet-1',
    occurredAt: 1_735_689_600_123,
    source: 'tweets',
    lang: 'en',
    attributes: { author: 'ann' },
    label: 'positive',
    scores: { negative: 0.02, neutral: 0.08, positive: 0.9 },
    valence: 0.88,
    model: { name: 'minilm', version: '1.2.0', sha256: '0123456789ab' },
    tokens: 7,
    truncated: false,
    scoredAt: 1_735_689_601_000,
    origin: { topic: 'sentiment.texts.v1', partition: 3, offset: '42' },
    ...overrides,
  }
}

export function deadLetter(overrides: Partial<DeadLetter> = {}): DeadLetter {
  return {
    code: 'VAL_RECORD_JSON_INVALID',
    message: 'The record begins like a JSON object but does not parse',
    origin: { topic: 'sentiment.texts.v1', partition: 3, offset: '42', timestamp: 1_735_689_600_000 },
    failedAt: 1_735_689_601_000,
    key: Buffer.from('ann'),
    value: Buffer.from([0x7b, 0xff, 0x00]),
    headers: [
      { name: 'traceparent', value: Buffer.from('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01') },
      { name: 'empty', value: null },
    ],
    ...overrides,
  }
}
