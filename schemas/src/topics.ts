/** Default topic names. */
export const defaultTopics = {
  texts: 'sentiment.texts.v1',
  scores: 'sentiment.scores.v1',
  deadLetters: 'sentiment.dead-letters.v1',
} as const

/** The subject of a topic's values in the registry (TopicNameStrategy). */
export function valueSubject(topic: string): string {
  return `${topic}-value`
}
