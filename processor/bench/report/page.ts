import { markdownTable } from '@valence/testing/counting/markdown-table'
import type { Measured, Measurements } from './measurements.ts'

const day = (date: string) => date.slice(0, 10)

/** Rows of contestants; `reference` is what the ratios are held against. */
function contest(results: readonly Measured[], reference: Measured, ratio: string): string {
  const rows = results.map(({ name, textsPerSecond, cpuPerThousand, spread }) => [
    name,
    textsPerSecond.toFixed(0),
    spread ? spread.map((value) => value.toFixed(0)).join('–') : '',
    cpuPerThousand.toFixed(3),
    (reference.textsPerSecond / textsPerSecond).toFixed(2),
    (cpuPerThousand / reference.cpuPerThousand).toFixed(2),
  ])
  return markdownTable(['', 'texts/s', 'rounds', 'CPU s per 1,000', `${ratio}, by time`, 'by CPU'], rows)
}

function first(results: readonly Measured[], name: string): Measured {
  const found = results.find((result) => result.name === name)
  if (!found) throw new Error(`the benchmarks hold nothing of "${name}"`)
  return found
}

function processorSection({ bench }: Measurements): string {
  const { ceiling, processor, engine, machine } = bench
  const ratio = markdownTable(
    ['', 'ceiling', 'processor', 'ratio'],
    [
      [
        'texts/s',
        ceiling.textsPerSecond.toFixed(0),
        processor.textsPerSecond.toFixed(0),
        (processor.textsPerSecond / ceiling.textsPerSecond).toFixed(2),
      ],
      [
        'CPU seconds per 1,000 texts',
        ceiling.cpuPerThousand.toFixed(3),
        processor.cpuPerThousand.toFixed(3),
        `**${processor.overhead.toFixed(3)}**`,
      ],
    ],
  )
  return `## The processor against the bare loop

\`make bench TEXTS=file.jsonl\` measures side by side in one run: a bare loop over the worker pool with everything tokenized, sorted and
cut before the clock starts (the ceiling), and a real processor that reads Avro from Kafka and publishes exactly once. They
alternate, so that a noisy minute hits both; figures are medians.

${day(bench.date)}, ${machine.cores} cores (${machine.cpu}${machine.features.length === 0 ? '' : `: ${machine.features.join(', ')}`}), Node ${machine.node}, onnxruntime ${machine.onnxruntime}, Kafka ${machine.kafka},
${bench.workers} workers of one thread each, ${bench.texts.toLocaleString('en')} distinct tweets of
${bench.tokensPerText.toFixed(1)} tokens, ${bench.rounds} rounds, the broker on the same machine:

${ratio}

The efficiency, the ceiling's CPU seconds over the processor's, is ${(1 / processor.overhead).toFixed(3)}. The engine alone (scorer,
batcher, tokenizer, caches, without Kafka) was at a CPU ratio of ${engine.overhead.toFixed(3)} in the same run; ${((engine.padding - 1) * 100).toFixed(1)} % of its tokens
were padding. Resident memory of the processor after the run: ${processor.rssMiB.toFixed(0)} MiB. Event-loop delay while saturated, 99th percentile:
${processor.eventLoopDelayP99Ms.toFixed(1)} ms. CPU of the broker is not counted.
`
}

function peersSection({ peers }: Measurements): string {
  if (!peers) return ''
  const parts = [
    '## Peers on the same model, texts and cores\n\nWho they are and how to run them: [processor/bench/peers](../../processor/bench/peers/README.md).\n',
  ]
  if (peers.kafka) {
    const { results, texts, date, rounds } = peers.kafka
    parts.push(`Topic to topic, ${day(date)}, ${texts.toLocaleString('en')} tweets, ${rounds} rounds; "slower" is how many times longer, or how many times the
CPU, a peer needs. The clock runs from the first record on, so Valence's compiler warms up within it:

${contest(results, first(results, 'valence'), 'slower')}
`)
  }
  if (peers.bare) {
    const { results, texts, date, rounds, agreement = {} } = peers.bare
    const least = Math.min(...Object.values(agreement))
    parts.push(`Scoring alone, without Kafka, ${day(date)}, ${texts.toLocaleString('en')} tweets, ${rounds} rounds. _Fused export_ is the same weights by the usual
way (fused by onnxruntime's transformer optimizer, quantised dynamically), loaded with all optimisations, in our loop with batches of
8, sorted. Each peer gives the label of the packaged file for at least ${(least * 100).toFixed(1)} % of the texts:

${contest(results, first(results, 'ceiling'), 'slower')}
`)
  }
  if (peers.http) {
    const { results, date, rounds } = peers.http
    parts.push(`One fresh text a request, 16 connections in a closed loop, ${day(date)}, ${rounds} rounds:

${contest(results, first(results, 'valence serve'), 'slower')}
`)
  }
  return parts.join('\n')
}

function variantsSection({ variants }: Measurements): string {
  if (!variants) return ''
  const { results, date, texts, rounds } = variants
  const base = results[0] as Measured
  const rows = results.map(({ name, textsPerSecond, cpuPerThousand }) => [
    name,
    textsPerSecond.toFixed(0),
    cpuPerThousand.toFixed(3),
    (cpuPerThousand / base.cpuPerThousand).toFixed(3),
  ])
  return `## What a property costs

${day(date)}, ${texts.toLocaleString('en')} tweets, ${rounds} rounds in turn (\`node processor/bench/variants.ts --texts FILE\`):

${markdownTable(['', 'texts/s', 'CPU s per 1,000', 'CPU against the first'], rows)}
`
}

function latencySection({ latency }: Measurements): string {
  if (!latency) return ''
  const rows = latency.rows.map(({ share, textsPerSecond, texts, fromAppend, p50, p99, max }) => [
    `${(share * 100).toFixed(0)} %`,
    textsPerSecond.toFixed(0),
    texts.toFixed(0),
    ...[fromAppend.p50, fromAppend.p99, fromAppend.max, p50, p99, max].map((value) => value.toFixed(0)),
  ])
  return `## Latency

Milliseconds from when the broker appended a text until a read-committed consumer has its score, ${day(latency.date)}, and behind them those from
when it was handed to the producer; producer, broker, processor and consumer on the same two cores (\`node processor/bench/latency.ts --texts FILE\`). The load is a share of
${latency.capacity.toFixed(0)} texts/s, what is scored in this very setting while more comes in than can be; of a backlog, with nobody producing
beside it, the processor scores more (above):

${markdownTable(['load', 'texts/s', 'texts', 'p50', 'p99', 'max', 'p50, producer', 'p99', 'max'], rows)}
`
}

function shapesSection({ shapes }: Measurements): string {
  if (!shapes) return ''
  const rows = shapes.rows.map(({ name, texts, tokensPerText, textsPerSecond, cpuPerThousand, rssMiB }) => [
    name,
    texts.toLocaleString('en'),
    tokensPerText.toFixed(1),
    textsPerSecond.toFixed(0),
    cpuPerThousand.toFixed(3),
    ((cpuPerThousand * 1_000) / tokensPerText).toFixed(0),
    rssMiB.toFixed(0),
  ])
  return `## Other shapes

One processor, exactly once, on backlogs of JSON, ${day(shapes.date)}, each run once (\`node processor/bench/shapes.ts --texts FILE\`). Short
runs carry the warm-up of the compiler: compare rows of one size.

${markdownTable(['backlog', 'texts', 'tokens', 'texts/s', 'CPU s per 1,000', 'CPU µs a token', 'MiB'], rows)}
`
}

function cachedSection({ cached }: Measurements): string {
  if (!cached) return ''
  const { batchTexts, single, batch, date } = cached
  const spread = (rates: readonly number[]) => rates.map((rate) => rate.toFixed(0)).join(', ')
  const rows = [
    [
      'one text a request',
      single.requestsPerSecond.toFixed(0),
      single.requestsPerSecond.toFixed(0),
      spread(single.rounds),
    ],
    [
      `${batchTexts} texts a request`,
      (batch.textsPerSecond / batchTexts).toFixed(0),
      batch.textsPerSecond.toFixed(0),
      spread(batch.rounds),
    ],
  ]
  return `## HTTP out of the cache

The facade with all its threads on one core, the load on the other, ${day(date)} (\`node processor/bench/http-cached.ts\`):

${markdownTable(['', 'requests/s', 'texts/s', 'texts/s of each round'], rows)}
`
}

function startSection({ start }: Measurements): string {
  if (!start) return ''
  const rows = start.rows.map(({ name, medianMs, ms }) => [
    name,
    medianMs.toFixed(0),
    `${Math.min(...ms).toFixed(0)}–${Math.max(...ms).toFixed(0)}`,
  ])
  return `## Start

Milliseconds from starting \`valence serve\` to its first score, ${day(start.date)} (\`node processor/bench/start.ts\`):

${markdownTable(['model', 'median ms', 'all'], rows)}
`
}

function cascadeSection({ cascade }: Measurements): string {
  if (!cascade) return ''
  const names = Object.keys(cascade.full)
  const rows = cascade.curve.map(({ threshold, referred, speedup, macroRecall }) => [
    threshold.toFixed(2),
    `${(referred * 100).toFixed(0)} %`,
    speedup.toFixed(2),
    ...names.map((name) => (((macroRecall[name] ?? 0) - (cascade.full[name] ?? 0)) * 100).toFixed(2)),
  ])
  return `## A cascade

The fast model answers where its confidence reaches a threshold, the default model takes the rest. The fast one is ${cascade.ratio.toFixed(2)} times as
fast (\`node processor/bench/fast-model.ts\`, ${day(cascade.date)}); the columns of the sets are points of macro-recall against the default model alone
(\`node processor/bench/cascade.ts --data FOLDER --ratio R\`). What was decided: [decisions](../decisions/README.md).

${markdownTable(['threshold', 'referred', 'throughput', ...names], rows)}
`
}

export function benchmarksPage(measurements: Measurements): string {
  const kafka = [processorSection, peersSection, variantsSection, shapesSection, latencySection]
  const sections = [...kafka, cachedSection, startSection, cascadeSection].map((section) => section(measurements))
  return `# Benchmarks

Every figure here is written from the data of the last published runs, \`benchmarks*.json\` beside this page.

![Throughput beside the peers, latency over the load, what a cascade gains and costs, and the lengths of the texts](benchmarks.svg)

${sections.filter((section) => section !== '').join('\n')}
<!-- Written from docs/lab/benchmarks*.json by make pages; the plots by processor/bench/report/publish.ts -->
`
}

/** The paragraph of the README; every figure comes from the data. */
export function performanceParagraph({ bench, peers }: Measurements): string {
  const { processor, machine } = bench
  const own = `On ${machine.cores} cores, with the broker beside it, a processor scores ${processor.textsPerSecond.toFixed(0)} tweets a second exactly once, at ${processor.overhead.toFixed(2)} times the CPU of a bare loop over the model.`
  if (!peers?.kafka) return own
  const { results } = peers.kafka
  const valence = first(results, 'valence')
  const others = results
    .filter(({ name }) => name !== 'valence')
    .map(({ name, textsPerSecond }) => `${(valence.textsPerSecond / textsPerSecond).toFixed(1)} times ${name}`)
  return `${own} In one run on the same model, texts and cores that is ${others.slice(0, -1).join(', ')} and ${others.at(-1)}.`
}
