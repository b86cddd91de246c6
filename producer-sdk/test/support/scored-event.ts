import type { ScoredEvent } from '@valence/schemas'

export function scoredEvent(id: string): ScoredEvent {
  return {
    id,
    occurredAt: 1_700_000_000_000,
    source: null,
    lang: null,
    attributes: {},
    label: 'positive',
    scores: { negative: 0.125, neutral: 0.125, positive: 0.75 },
    valence: 0.625,
    model: { name: 'test', version: '1', sha256: '0123456789ab' },
    tokens: 5,
    truncated: false,
    scoredAt: 1_700_000_000_001,
    origin: { topic: 'texts', partition: 0, offset: '7' },
  }
}
