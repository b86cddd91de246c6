import { ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import { type FoundLetter, letterRanges, readLetters, toFoundLetter } from './dead-letters.ts'

/** The dead letter at a position. @throws VAL_USAGE_INVALID where there is no record */
export async function findLetter(
  config: Config,
  { partition, offset }: { readonly partition: number; readonly offset: bigint },
): Promise<FoundLetter> {
  const ranges = await withAdmin(config, (admin) => letterRanges(admin, config.deadLetterTopic))
  const log = ranges.find((range) => range.partition === partition)
  if (log === undefined) {
    throw new ValenceError('VAL_USAGE_INVALID', `${config.deadLetterTopic} has no partition ${partition}`)
  }
  const range = { partition, from: offset, to: offset + 1n }
  if (offset >= log.from && offset < log.to) {
    for await (const { records } of readLetters(config, [range])) {
      const [record] = records
      if (record) return toFoundLetter(partition, record)
    }
  }
  const held = log.from === log.to ? 'is empty' : `holds offsets ${log.from} to ${log.to - 1n}, not all of them records`
  throw new ValenceError(
    'VAL_USAGE_INVALID',
    `there is no dead letter at ${partition}:${offset}; partition ${partition} ${held}`,
  )
}
