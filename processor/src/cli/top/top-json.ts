import type { TopReport } from '../../monitoring/top-watch.ts'
import { lagToJson } from '../flow-cells.ts'

/** Report for --json; unknown values are null. */
export function topToJson({ at, group, processes, total }: TopReport) {
  const { groupId, members, lag, error } = group
  return {
    at: new Date(at).toISOString(),
    group: {
      groupId,
      members,
      error: error ? { code: error.code, message: error.message } : null,
      lag: lag ? lagToJson(lag) : null,
    },
    processes: processes.map((view) => ({
      admin: view.admin,
      error: view.error ?? null,
      report: view.report ?? null,
    })),
    total: total ?? null,
  }
}
