import { createScoreClient, type ScoreClient, type ScoredEvent } from '@valence/producer-sdk/client'
import { byId, drawing, element, percent, showProblem, toneOf } from './elements.ts'
import { LiveView } from './live-view.ts'

const credential = byId<HTMLInputElement>('credential')
const kind = byId<HTMLSelectElement>('kind')

function credentials(): { token?: string; apiKey?: string } {
  const given = credential.value.trim()
  if (given === '') return {}
  return kind.value === 'apiKey' ? { apiKey: given } : { token: given }
}

function client(): ScoreClient {
  return createScoreClient({ baseUrl: location.origin, ...credentials() })
}

function probabilityBars(scores: Readonly<Record<string, number>>): HTMLElement {
  const rows = Object.entries(scores).flatMap(([label, share]) => [
    element('span', {}, label),
    element('meter', { min: 0, max: 1, value: share, 'aria-label': label }, percent(share)),
    element('span', {}, percent(share)),
  ])
  return element('div', { class: 'bars' }, ...rows)
}

function showOne(where: HTMLElement, event: ScoredEvent, elapsedMs: number): void {
  const cut = event.truncated ? ', only the beginning was read' : ''
  const facts = `valence ${event.valence.toFixed(2)} · ${event.tokens} tokens${cut} · ${Math.round(elapsedMs)} ms`
  where.replaceChildren(
    element('p', { class: `verdict ${toneOf(event.valence)}` }, event.label),
    probabilityBars(event.scores),
    element('p', {}, facts),
    element('p', {}, `model ${event.model.name} ${event.model.version}`),
  )
}

/** How the labels share the lines, as one bar. */
function shareChart(counts: ReadonlyMap<string, { count: number; tone: string }>, total: number): SVGElement {
  let x = 0
  const parts = [...counts].map(([label, { count, tone }]) => {
    const width = (100 * count) / total
    const title = drawing('title', {})
    title.textContent = `${label}: ${count}`
    const bar = drawing('rect', { x, y: 0, width, height: 10, class: tone }, title)
    x += width
    return bar
  })
  const summary = [...counts].map(([label, { count }]) => `${count} ${label}`).join(', ')
  const attributes = { viewBox: '0 0 100 10', preserveAspectRatio: 'none', role: 'img', 'aria-label': summary }
  return drawing('svg', attributes, ...parts)
}

type Verdicts = Awaited<ReturnType<ScoreClient['scoreAll']>>

function toRow(line: string, { event, error }: Verdicts[number]): HTMLElement {
  const cells = event
    ? [
        element('td', { class: toneOf(event.valence) }, event.label),
        element('td', { class: 'number' }, event.valence.toFixed(2)),
        element('td', { class: 'number' }, String(event.tokens)),
      ]
    : [element('td', { class: 'problem', colspan: 3 }, error?.title ?? 'no answer')]
  return element('tr', {}, element('td', {}, line), ...cells)
}

function showMany(where: HTMLElement, lines: readonly string[], verdicts: Verdicts): void {
  const counts = new Map<string, { count: number; tone: string }>()
  for (const { event } of verdicts) {
    if (!event) continue
    const known = counts.get(event.label)
    counts.set(event.label, { count: (known?.count ?? 0) + 1, tone: known?.tone ?? toneOf(event.valence) })
  }
  const head = ['text', 'label', 'valence', 'tokens'].map((name) => element('th', { scope: 'col' }, name))
  const rows = verdicts.map((verdict, index) => toRow(lines[index] ?? '', verdict))
  const table = element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows))
  const scored = [...counts.values()].reduce((sum, { count }) => sum + count, 0)
  const summary = [...counts].map(([label, { count }]) => `${label} ${count}`).join(' · ')
  where.replaceChildren(
    shareChart(counts, Math.max(1, scored)),
    element('p', {}, summary),
    element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Scores' }, table),
  )
}

function onSubmit(form: string, result: string, action: (where: HTMLElement) => Promise<void>): void {
  const where = byId(result)
  byId<HTMLFormElement>(form).addEventListener('submit', async (event) => {
    event.preventDefault()
    where.setAttribute('aria-busy', 'true')
    await action(where).catch((error: unknown) => showProblem(where, error))
    where.removeAttribute('aria-busy')
  })
}

onSubmit('one', 'one-result', async (where) => {
  const start = performance.now()
  const event = await client().score(byId<HTMLTextAreaElement>('text').value)
  showOne(where, event, performance.now() - start)
})

onSubmit('many', 'many-result', async (where) => {
  const lines = byId<HTMLTextAreaElement>('lines')
    .value.split('\n')
    .filter((line) => line.trim() !== '')
  showMany(where, lines, await client().scoreAll(lines))
})

byId('access').addEventListener('submit', (event) => event.preventDefault())

new LiveView(credentials)

async function showServer(): Promise<void> {
  const response = await fetch('/v2/health/ready')
  byId('server').textContent = response.ok ? 'The server is ready.' : 'The server cannot score now.'
}

showServer().catch(() => {
  byId('server').textContent = 'The server does not answer.'
})
