import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { build } from './frame.ts'
import { kafkaAndRuntime } from './kafka-runtime.ts'
import { modelBehaviour } from './model.ts'
import { overview } from './overview.ts'
import { pipelineInternals } from './pipeline.ts'

/** The dashboards by file name. */
export function buildDashboards(): ReadonlyMap<string, Dashboard> {
  const plans = [overview, pipelineInternals, modelBehaviour, kafkaAndRuntime]
  return new Map(plans.map((plan) => [`${plan.uid}.json`, build(plan)]))
}

export function toFile(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`
}
