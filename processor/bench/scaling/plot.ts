import { axisLabel, roundUp } from '../axis.ts'
import { calibration } from './calibration.ts'
import type { Outcome } from './simulate.ts'

type Sample = Outcome['samples'][number]

interface Panel {
  readonly title: string
  readonly value: (sample: Sample) => number
  /** The axis ends here, and what is higher runs along its edge. */
  readonly highest: (outcomes: readonly Outcome[]) => number
}

const mostDelaySeconds = 300
/** More points than this a line are not seen. */
const mostPoints = 240

const panels: readonly Panel[] = [
  {
    title: 'replicas',
    value: ({ replicas }) => replicas,
    highest: (outcomes) => roundUp(Math.max(...outcomes.flatMap(({ samples }) => samples.map((own) => own.replicas)))),
  },
  {
    title: `oldest text, s (cut at ${mostDelaySeconds})`,
    value: ({ delaySeconds }) => delaySeconds,
    highest: () => mostDelaySeconds,
  },
]

const colours = ['#2563eb', '#dc2626', '#d97706', '#7c3aed', '#6b7280']
const size = { panelWidth: 400, panelHeight: 90, left: 56, between: 70, right: 16, top: 64, gap: 44, bottom: 16 }
const width = size.left + 2 * size.panelWidth + size.between + size.right

function drawPanel(outcomes: readonly Outcome[], panel: Panel, left: number, top: number): string {
  const highest = panel.highest(outcomes)
  const minutes = outcomes[0]?.samples.at(-1)?.minute ?? 1
  const x = (minute: number) => (left + (minute / minutes) * size.panelWidth).toFixed(1)
  const y = (value: number) => (top + (1 - Math.min(value, highest) / highest) * size.panelHeight).toFixed(1)
  const grid = [0, highest].map(
    (value) =>
      `<line x1="${left}" x2="${left + size.panelWidth}" y1="${y(value)}" y2="${y(value)}" stroke="#d1d5db"/><text x="${left - 6}" y="${y(value)}" dy="4" text-anchor="end">${axisLabel(value)}</text>`,
  )
  // Ours is drawn last, over the others.
  const lines = outcomes.map(({ samples }, index) => {
    const step = Math.ceil(samples.length / mostPoints)
    const shown = samples.filter((_, at) => at % step === 0)
    const points = shown.map((sample) => `${x(sample.minute)},${y(panel.value(sample))}`).join(' ')
    return `<polyline points="${points}" fill="none" stroke="${colours[index]}" stroke-width="${index === 0 ? 2 : 1}"/>`
  })
  const end = `<text x="${left + size.panelWidth}" y="${top + size.panelHeight + 15}" text-anchor="end">${axisLabel(minutes)} min</text>`
  const title = `<text x="${left}" y="${top + size.panelHeight + 15}">${panel.title}</text>`
  return [...grid, ...lines.reverse(), title, end].join('\n')
}

function drawScenario(outcomes: readonly Outcome[], index: number): string {
  const top = size.top + index * (size.panelHeight + size.gap)
  const lefts = [size.left, size.left + size.panelWidth + size.between]
  const target = top + (1 - calibration.targetSeconds / mostDelaySeconds) * size.panelHeight
  return [
    `<text x="${size.left}" y="${top - 8}" font-weight="600">${outcomes[0]?.scenario}</text>`,
    `<line x1="${lefts[1]}" x2="${width - size.right}" y1="${target}" y2="${target}" stroke="#059669" stroke-dasharray="4 3"/>`,
    ...panels.map((panel, at) => drawPanel(outcomes, panel, lefts[at] as number, top)),
  ].join('\n')
}

/** Scenarios one below the other, each with the replicas and the age of the oldest text over time, a line a policy. */
export function plotScenarios(rows: readonly (readonly Outcome[])[]): string {
  const height = size.top + rows.length * (size.panelHeight + size.gap) + size.bottom
  const legend = (rows[0] ?? []).map(
    ({ policy }, index) =>
      `<text x="${size.left + index * 180}" y="24" fill="${colours[index]}" font-weight="600">${policy}</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11" fill="#374151" role="img" aria-label="Replicas and delay over time, by scenario and policy">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...legend,
    ...rows.map(drawScenario),
    '</svg>',
    '',
  ].join('\n')
}
