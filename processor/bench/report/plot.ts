import { axisLabel, roundUp } from '../axis.ts'
import type { Measurements } from './measurements.ts'

const size = { width: 860, left: 350, right: 60, row: 22, curve: 190, title: 34, gap: 34 }
const colours = ['#2563eb', '#dc2626', '#d97706', '#7c3aed', '#059669']
const plotWidth = size.width - size.left - size.right

/** A drawing whose top is at 0, and how high it is. */
interface Panel {
  readonly svg: string
  readonly height: number
}

interface Bar {
  readonly name: string
  readonly value: number
  readonly colour: string
}

interface Curve {
  readonly name: string
  /** (x, y) */
  readonly points: readonly (readonly [number, number])[]
}

const heading = (title: string) => `<text x="16" y="18" font-weight="600">${title}</text>`

/** One bar below the other, each with its name before it and its value behind it. */
function bars(title: string, rows: readonly Bar[]): Panel {
  const highest = Math.max(...rows.map(({ value }) => value))
  const lines = rows.map(({ name, value, colour }, index) => {
    const y = size.title + index * size.row
    const width = ((value / highest) * plotWidth).toFixed(1)
    return `<text x="${size.left - 8}" y="${y + 12}" text-anchor="end">${name}</text><rect x="${size.left}" y="${y}" width="${width}" height="${size.row - 6}" fill="${colour}"/><text x="${size.left + Number(width) + 6}" y="${y + 12}">${axisLabel(Math.round(value))}</text>`
  })
  return { svg: [heading(title), ...lines].join('\n'), height: size.title + rows.length * size.row }
}

/** Lines over a common x axis from 0 to `across`, with a legend where bars have their names; y runs from `lowest` to `highest`. */
function curves(title: string, all: readonly Curve[], across: number, [lowest, highest]: [number, number]): Panel {
  const x = (value: number) => (size.left + (value / across) * plotWidth).toFixed(1)
  const y = (value: number) => (size.title + (1 - (value - lowest) / (highest - lowest)) * size.curve).toFixed(1)
  const grid = [lowest, (lowest + highest) / 2, highest].map(
    (value) =>
      `<line x1="${size.left}" x2="${size.left + plotWidth}" y1="${y(value)}" y2="${y(value)}" stroke="#d1d5db"/><text x="${size.left - 8}" y="${y(value)}" dy="4" text-anchor="end">${axisLabel(value)}</text>`,
  )
  const lines = all.map(({ points }, index) => {
    const path = points.map(([at, value]) => `${x(at)},${y(value)}`).join(' ')
    return `<polyline points="${path}" fill="none" stroke="${colours[index]}" stroke-width="1.5" stroke-linejoin="round"/>`
  })
  const legend = all.map(
    ({ name }, index) =>
      `<text x="16" y="${size.title + 14 + index * 18}" fill="${colours[index]}" font-weight="600">${name}</text>`,
  )
  const ends = [0, 0.5, 1].map(
    (share) =>
      `<text x="${x(share * across)}" y="${size.title + size.curve + 18}" text-anchor="middle">${axisLabel(share * across)}</text>`,
  )
  return {
    svg: [heading(title), ...grid, ...lines, ...legend, ...ends].join('\n'),
    height: size.title + size.curve + 22,
  }
}

function lengthsPanel({ bench }: Measurements): Panel[] {
  if (!bench.tokens) return []
  const rows = bench.tokens.map(({ upTo, texts }) => ({ name: `up to ${upTo}`, value: texts, colour: '#d97706' }))
  return [bars('Tokens of the texts, number of texts', rows)]
}

function peersPanel({ peers }: Measurements): Panel[] {
  if (!peers?.kafka) return []
  const rows = peers.kafka.results.map(({ name, textsPerSecond }) => ({
    name,
    value: textsPerSecond,
    colour: name === 'valence' ? '#2563eb' : '#9ca3af',
  }))
  return [bars('Topic to topic on the same model, texts and cores, texts/s', rows)]
}

function latencyPanel({ latency }: Measurements): Panel[] {
  if (!latency) return []
  const highest = roundUp(Math.max(...latency.rows.map(({ fromAppend }) => fromAppend.p99)))
  const lines = (['p50', 'p99'] as const).map((name) => ({
    name,
    points: latency.rows.map(({ share, fromAppend }) => [share * 100, fromAppend[name]] as const),
  }))
  return [curves('From append to read-committed score, ms, over the load, % of capacity', lines, 100, [0, highest])]
}

function cascadePanel({ cascade }: Measurements): Panel[] {
  if (!cascade) return []
  const lines = Object.entries(cascade.full).map(([name, full]) => ({
    name,
    points: cascade.curve.map((row) => [row.speedup, ((row.macroRecall[name] ?? full) - full) * 100] as const),
  }))
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value))
  const range: [number, number] = [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values))]
  const across = Math.ceil(Math.max(...cascade.curve.map(({ speedup }) => speedup)))
  return [
    curves('A cascade: points of macro-recall, over its throughput against the default model', lines, across, range),
  ]
}

/** The published figures as one SVG, a panel below the other; what was not measured is left out. */
export function plotMeasurements(measurements: Measurements): string {
  const panels = [peersPanel, latencyPanel, cascadePanel, lengthsPanel].flatMap((panel) => panel(measurements))
  const height = panels.reduce((sum, panel) => sum + panel.height + size.gap, 0)
  let top = 0
  const placed = panels.map((panel) => {
    const group = `<g transform="translate(0 ${top + 10})">\n${panel.svg}\n</g>`
    top += panel.height + size.gap
    return group
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151" role="img" aria-label="Throughput beside the peers, latency over the load, what a cascade gains and costs, and the lengths of the texts">`,
    `<rect width="${size.width}" height="${height}" fill="#ffffff"/>`,
    ...placed,
    '</svg>',
    '',
  ].join('\n')
}
