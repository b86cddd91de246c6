/** Names of the topics where the configuration does not say otherwise. */
export const defaultTopics = {
  texts: 'sentiment.texts.v1',
  scores: 'sentiment.scores.v1',
  deadLetters: 'sentiment.dead-letters.v1',
} as const

/** The subject under which the registry keeps the schema of a topic's values. */
export function valueSubject(topic: string): string {
  return `${topic}-value`
}
