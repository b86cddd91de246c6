import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readRepositoryFile, repositoryRoot } from './repository.ts'

interface DashboardTarget {
  readonly refId: string
  readonly expr: string
}

interface DashboardPanel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly DashboardTarget[]
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
  readonly options?: { readonly content?: string }
}

export interface DashboardFile {
  readonly uid: string
  readonly title: string
  readonly panels: readonly DashboardPanel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[]
  }
}

const dashboardFolder = 'deploy/grafana/dashboards'

export function readDashboards(): { readonly file: string; readonly dashboard: DashboardFile }[] {
  return readdirSync(join(repositoryRoot, dashboardFolder)).map((file) => ({
    file,
    dashboard: JSON.parse(readRepositoryFile(`${dashboardFolder}/${file}`)) as DashboardFile,
  }))
}

/** Every query of every panel, under a name that says where it stands. */
export function readPanelQueries(): { readonly name: string; readonly expr: string }[] {
  return readDashboards().flatMap(({ dashboard }) =>
    dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => ({ name: `${dashboard.uid}: ${title}, ${refId}`, expr })),
    ),
  )
}

/** A query as Grafana sends it for all processes over the last `seconds`. */
export function fillVariables(expr: string, seconds: number): string {
  return expr
    .replaceAll('$__rate_interval', `${seconds}s`)
    .replaceAll('$__range', `${seconds}s`)
    .replaceAll('$job', '.*')
    .replaceAll('$instance', '.*')
}
