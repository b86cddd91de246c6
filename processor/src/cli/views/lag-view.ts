import type { LagReport } from '../../monitoring/drain-time.ts'
import type { Output } from '../context.ts'
import { flowCells } from '../flow-cells.ts'
import { paint } from '../output.ts'
import { formatTable } from '../table.ts'

/** The group, and a row for each partition. */
export function describeLag(stdout: Output, report: LagReport): string[] {
  return [describeGroup(stdout, report), '', ...toTable(report)]
}

function describeGroup(stdout: Output, { groupId, state, at }: LagReport): string {
  const shownState = paint(stdout, state === 'Stable' ? 'green' : 'yellow', state)
  return `group ${groupId}  ${shownState}  ${new Date(at).toISOString()}`
}

function toTable({ partitions, leaderless, total }: LagReport): string[] {
  const right = { align: 'right' } as const
  return formatTable(
    [
      { title: 'TOPIC' },
      { title: 'PARTITION', ...right },
      { title: 'COMMITTED', ...right },
      { title: 'END', ...right },
      { title: 'LAG', ...right },
      { title: 'IN/s', ...right },
      { title: 'DONE/s', ...right },
      { title: 'DRAINED IN', ...right },
      { title: 'OWNER' },
    ],
    [
      ...partitions.map((own) => [
        own.topic,
        String(own.partition),
        own.committed === null ? '-' : String(own.committed),
        String(own.end),
        ...flowCells(own),
        own.owner ?? '-',
      ]),
      ...leaderless.map(({ topic, partition }) => [topic, String(partition), ...Array(6).fill('-'), 'no leader']),
      ['total', '', '', '', ...flowCells(total), ''],
    ],
  )
}
