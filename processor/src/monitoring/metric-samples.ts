/** One sample line of `/metrics`. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const samplePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

function readValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}

function readLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(labelPattern)].map(([, name = '', value = '']) => [
    name,
    value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
  ])
  return Object.fromEntries(pairs)
}

/** The samples of one scrape in the Prometheus text format, by metric name. */
export class MetricSamples {
  readonly #byName = new Map<string, Sample[]>()

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, name, labels = '', value] = samplePattern.exec(line) ?? []
      if (name === undefined || value === undefined) continue
      const known = this.#byName.get(name)
      const sample = { labels: readLabels(labels), value: readValue(value) }
      if (known === undefined) this.#byName.set(name, [sample])
      else known.push(sample)
    }
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** The samples of a metric whose labels have these values. */
  all(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    const wanted = Object.entries(labels)
    return (this.#byName.get(name) ?? []).filter((sample) =>
      wanted.every(([label, value]) => sample.labels[label] === value),
    )
  }

  /** Sum of the samples with these labels; 0 if there is none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.all(name, labels).reduce((total, { value }) => total + value, 0)
  }
}
