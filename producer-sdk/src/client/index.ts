export type { AcceptedText, BatchRequest, BatchResponse, Problem, ScoredEvent, TextRequest } from './contract.ts'
export {
  type CallOptions,
  type Credential,
  createScoreClient,
  type ProduceOptions,
  type ScoreClient,
  type ScoreClientOptions,
} from './score-client.ts'
export { ScoreError } from './score-error.ts'
