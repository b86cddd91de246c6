import { formatFieldPath } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { textFieldsOf } from '../config/text-fields.ts'
import { sampleTopic } from '../kafka/sample-topic.ts'
import { createDecodeStep, type Decoded } from '../pipeline/decode.ts'
import { isWithoutText } from '../pipeline/missing-text-watch.ts'
import { countBy } from '../platform/count-by.ts'
import { openRegistry } from '../registry/open-registry.ts'
import { answerWithin, type Finding, failure } from './finding.ts'

const area = 'kafka'
const sampleSize = 50
/** Reading joins a throw-away group, for which brokers wait 3 s by default. */
const sampleMs = 6_000

/** Reads the newest records of a topic as a processor does, and commits nothing. Never a failure: the next record may be good. */
export async function checkTexts(config: Config, topic: string): Promise<Finding> {
  const stop = AbortSignal.timeout(sampleMs)
  const { inputFormat: format, missingText } = config
  const read = async () => {
    const { records } = await sampleTopic(config, topic, sampleSize, stop)
    const decode = createDecodeStep({
      registry: openRegistry(config),
      format,
      fields: textFieldsOf(config),
      missingText,
    })
    return judgeTexts(topic, await decode(records.map(({ record }) => record)), config)
  }
  try {
    return await answerWithin(sampleMs, read())
  } catch (error) {
    return failure({ area, check: `texts ${topic}`, status: 'skipped' }, error)
  }
}

/** Says whether texts are found where the configuration looks for them. */
export function judgeTexts(topic: string, decoded: readonly Decoded[], config: Config): Finding {
  const place = { area, check: `texts ${topic}` } as const
  const records = decoded.filter(({ kind }) => kind !== 'tombstone')
  if (records.length === 0) return { ...place, status: 'ok', detail: 'there are no records with a value yet' }
  const help = `\`valence try --topic ${topic}\` shows the records, and proposes where their texts are.`
  const texts = records.filter(({ kind }) => kind === 'text').length
  const paths = config.textField?.map(formatFieldPath).join(', ')
  if (paths !== undefined && texts === 0 && records.some(isWithoutText)) {
    const detail = `records with a text at ${paths}: 0 of the newest ${records.length}`
    return { ...place, status: 'warn', detail, help: `Check VALENCE_TEXT_FIELD; ${help}` }
  }
  const codes = countBy(
    records.flatMap((own) => (own.kind === 'rejected' ? [own.error.code] : [])),
    (code) => code,
  )
  if (codes.size === 0) {
    return { ...place, status: 'ok', detail: `records with a text: ${texts} of the newest ${records.length}` }
  }
  const list = [...codes].map(([code, count]) => `${code} (${count})`).join(', ')
  return { ...place, status: 'warn', detail: `dead letters among the newest ${records.length} records: ${list}`, help }
}
