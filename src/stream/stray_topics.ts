/** Where records go that a job cannot use (semantics 5, 19). */

/** The topic that takes what cannot be read from `topic`. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dead-letter`;
}

/** The topic that takes what comes late from `topic`. */
export function lateTopic(topic: string): string {
  return `${topic}.late`;
}
