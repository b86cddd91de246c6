import { type ErrorCode, errorCatalogue } from '@valence/schemas'
import type { RawAnswer, RawExchange } from './raw-answers.ts'

/** What a server without Kafka and Redis may truthfully say of itself. */
const honest503: ReadonlySet<string> = new Set<ErrorCode>([
  'VAL_INTAKE_UNAVAILABLE',
  'VAL_STREAM_UNAVAILABLE',
  'VAL_REDIS_UNAVAILABLE',
])

function codeOf({ head, body }: RawAnswer): string | undefined {
  if (!/^content-type: application\/problem\+json/im.test(head)) return undefined
  try {
    return (JSON.parse(Buffer.from(body, 'latin1').toString()) as { code?: string }).code
  } catch {
    return undefined
  }
}

function judgeAnswer(answer: RawAnswer): string | undefined {
  const { status, body } = answer
  if (status < 400) return undefined
  // An answer to HEAD.
  if (status < 500 && body === '') return undefined
  const code = codeOf(answer)
  if (code === undefined || !(code in errorCatalogue)) return `${status} without a problem of the catalogue`
  if (status < 500 || honest503.has(code) || status === 504) return undefined
  return `${status} ${code}`
}

/**
 * What is wrong with what came back; nothing where it is all clean. Who ends first has left, as far as a server can
 * tell, and need not be answered. A reset is never clean: it discards an answer that the client has not taken in yet.
 */
export function complaintsAbout({ answers, isClosed, isReset, rest }: RawExchange, endsFirst: boolean): string[] {
  const complaints = answers.map(judgeAnswer).filter((complaint) => complaint !== undefined)
  if (rest !== '') complaints.push('bytes that are no answer')
  if (isReset) complaints.push('a reset')
  if (answers.length === 0 && !isClosed) complaints.push('neither an answer nor an end')
  if (answers.length === 0 && isClosed && !isReset && !endsFirst) complaints.push('an end without an answer')
  return complaints
}
