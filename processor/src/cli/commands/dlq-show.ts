import { isValenceError } from '@valence/schemas'
import { readConfig } from '../../config/config.ts'
import { findLetter } from '../../jobs/dead-letters/find-letter.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { parsePosition } from '../letter-options.ts'
import { writeAnswer } from '../output.ts'
import { describeLetter, letterToJson } from '../views/letter-view.ts'

/** `dlq show PARTITION:OFFSET`: prints one dead letter. @throws VAL_RECORD_INVALID for other records */
export async function runDlqShow(
  context: CliContext,
  options: CommandOptions,
  [given = '']: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const found = await findLetter(config, parsePosition(given))
  const { letter } = found
  if (isValenceError(letter)) throw letter
  await writeAnswer(context, options, letterToJson(found, letter), () => describeLetter(found, letter))
  return 0
}
