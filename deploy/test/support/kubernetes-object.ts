import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { readRepositoryFile, repositoryRoot } from './repository.ts'

export const repositoryChart = join(repositoryRoot, 'deploy/helm/valence')

type Labels = Readonly<Record<string, string>>

export interface EnvironmentVariable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string }
    readonly fieldRef?: { readonly fieldPath: string }
    readonly resourceFieldRef?: { readonly containerName: string; readonly resource: string }
  }
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args: readonly string[]
  readonly env: readonly EnvironmentVariable[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly securityContext: Record<string, unknown>
  readonly resources: { readonly requests: Labels; readonly limits: Labels }
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } }
}

export interface PodSpec {
  readonly serviceAccountName: string
  readonly automountServiceAccountToken: boolean
  readonly enableServiceLinks: boolean
  readonly securityContext: Record<string, unknown>
  readonly terminationGracePeriodSeconds: number
  readonly priorityClassName?: string
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly ({ readonly name: string } & Record<string, unknown>)[]
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string; readonly whenUnsatisfiable: string }[]
  readonly tolerations?: readonly { readonly key: string }[]
}

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels: Labels
    readonly annotations?: Labels
  }
  // biome-ignore lint/suspicious/noExplicitAny: every kind has its own, and the schemas of Kubernetes check them
  readonly spec: any
  readonly data?: Labels
  readonly automountServiceAccountToken?: boolean
}

export interface Workload {
  readonly name: string
  readonly kind: string
  readonly role: string
  readonly labels: Labels
  readonly pod: PodSpec
  /** Init containers too. */
  readonly containers: readonly Container[]
}

export function parseObjects(text: string): KubernetesObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((document) => document !== null)
}

/** What was rendered for an environment: deploy/helm/rendered, which is compared with the chart where Helm is. */
export function readRendered(environment: string): KubernetesObject[] {
  return parseObjects(readRepositoryFile(`deploy/helm/rendered/${environment}.yaml`))
}

export function ofKind(objects: readonly KubernetesObject[], kind: string): KubernetesObject[] {
  return objects.filter((object) => object.kind === kind)
}

function podTemplate({ kind, spec }: KubernetesObject) {
  return kind === 'CronJob' ? spec.jobTemplate.spec.template : spec.template
}

/** Everything that runs pods. */
export function workloadsOf(objects: readonly KubernetesObject[]): Workload[] {
  const running = objects.filter(({ kind }) => ['StatefulSet', 'Deployment', 'Job', 'CronJob'].includes(kind))
  return running.map((object) => {
    const { metadata, spec } = podTemplate(object) as { metadata: { labels: Labels }; spec: PodSpec }
    return {
      name: `${object.kind} ${object.metadata.name}`,
      kind: object.kind,
      role: metadata.labels['app.kubernetes.io/component'] ?? '',
      labels: metadata.labels,
      pod: spec,
      containers: [...(spec.initContainers ?? []), ...spec.containers],
    }
  })
}

interface Requirement {
  readonly key: string
  readonly operator: string
  readonly values: readonly string[]
}

/** Whether a label selector takes these labels in. Knows `matchLabels` and `In`, which is what the chart uses. */
export function selects(
  selector: { readonly matchLabels?: Labels; readonly matchExpressions?: readonly Requirement[] },
  labels: Labels,
): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      if (operator !== 'In') throw new Error(`operator ${operator} is not known here`)
      return values.includes(labels[key] ?? '')
    })
  )
}
