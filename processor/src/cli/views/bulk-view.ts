import type { BulkResult } from '../../jobs/bulk/run-bulk.ts'
import { counted } from '../output.ts'

export interface BulkSummary extends Omit<BulkResult, 'isComplete'> {
  readonly rejected: number
  readonly seconds: number
}

/** Counts of objects and texts, in one line. */
export function describeBulk({
  objects,
  skipped,
  texts,
  rejected,
  scored,
  deadLettered,
  seconds,
}: BulkSummary): string {
  const rate = seconds > 0 ? Math.round(scored / seconds).toLocaleString('en-US') : '0'
  return [
    `${counted(objects, 'object')}${skipped > 0 ? ` (${skipped} done before)` : ''}`,
    counted(texts, 'text'),
    `${scored.toLocaleString('en-US')} scored`,
    `${deadLettered} dead-lettered`,
    `${rejected} rejected`,
    `${seconds.toFixed(1)} s`,
    `${rate}/s`,
  ].join(', ')
}
