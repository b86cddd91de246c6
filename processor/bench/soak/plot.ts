import { axisLabel, roundUp } from '../axis.ts'
import type { SoakSample } from './trend.ts'

interface Panel {
  readonly title: string
  readonly colour: string
  readonly value: (sample: SoakSample) => number
}

const panels: readonly Panel[] = [
  { title: 'resident memory, MiB', colour: '#2563eb', value: ({ rssMiB }) => rssMiB },
  { title: 'event-loop delay p99, ms', colour: '#d97706', value: ({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms },
  { title: 'lag, records', colour: '#dc2626', value: ({ lag }) => lag },
  { title: 'throughput, records/s', colour: '#059669', value: ({ recordsPerSecond }) => recordsPerSecond },
]

const size = { width: 860, panelHeight: 130, left: 70, right: 20, top: 34, gap: 34, bottom: 34 }
const plotWidth = size.width - size.left - size.right

function drawPanel(samples: readonly SoakSample[], { title, colour, value }: Panel, index: number): string {
  const top = size.top + index * (size.panelHeight + size.gap)
  const bottom = top + size.panelHeight
  const last = samples.at(-1)?.second || 1
  const highest = roundUp(Math.max(...samples.map(value)))
  const x = (second: number) => (size.left + (second / last) * plotWidth).toFixed(1)
  const y = (own: number) => (bottom - (own / highest) * size.panelHeight).toFixed(1)
  const line = samples.map((sample) => `${x(sample.second)},${y(value(sample))}`).join(' ')
  const grid = [0, 0.5, 1].map((share) => {
    const at = y(share * highest)
    return `<line x1="${size.left}" x2="${size.left + plotWidth}" y1="${at}" y2="${at}" stroke="#d1d5db"/><text x="${size.left - 8}" y="${at}" dy="4" text-anchor="end">${axisLabel(share * highest)}</text>`
  })
  return [
    `<text x="${size.left}" y="${top - 9}" font-weight="600">${title}</text>`,
    ...grid,
    `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="1.5" stroke-linejoin="round"/>`,
  ].join('\n')
}

function drawTime(samples: readonly SoakSample[], height: number): string {
  const last = samples.at(-1)?.second ?? 0
  return [0, 0.25, 0.5, 0.75, 1]
    .map((share) => {
      const minutes = axisLabel((share * last) / 60)
      return `<text x="${size.left + share * plotWidth}" y="${height - 12}" text-anchor="middle">${minutes} min</text>`
    })
    .join('\n')
}

/** A soak run as an SVG of four curves over the same time. */
export function plotSoak(samples: readonly SoakSample[]): string {
  const height = size.top + panels.length * (size.panelHeight + size.gap) - size.gap + size.bottom
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151" role="img" aria-label="Soak run: memory, event-loop delay, lag and throughput over time">`,
    `<rect width="${size.width}" height="${height}" fill="#ffffff"/>`,
    ...panels.map((panel, index) => drawPanel(samples, panel, index)),
    drawTime(samples, height),
    '</svg>',
    '',
  ].join('\n')
}
