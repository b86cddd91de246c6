import type { ScoredEvent } from '@valence/producer-sdk/client'
import { byId, element, toneOf } from './elements.ts'
import { readEvents, type ServerEvent } from './read-events.ts'

/** Lines kept on the page. */
const maxLines = 50

/** What events about the stream itself mean. */
const messages: Readonly<Record<string, string>> = {
  open: 'Connected.',
  gap: 'Some events were missed.',
  dropped: 'The server ended the stream.',
}

interface StreamStatus {
  readonly eventsPerSecond: number
  /** From being scored to being here; null while nothing comes. */
  readonly delayMs: number | null
  /** Texts that wait to be scored; null while nobody knows. */
  readonly lag: number | null
}

/** The scored events as they come, drawn at most once a frame however fast they are. */
export class LiveView {
  readonly #credentials: () => { token?: string; apiKey?: string }
  readonly #button = byId<HTMLButtonElement>('live')
  readonly #list = byId('live-events')
  #running: AbortController | undefined
  #pending: ScoredEvent[] = []
  #seen = 0
  #drawDue = false

  constructor(credentials: () => { token?: string; apiKey?: string }) {
    this.#credentials = credentials
    this.#button.addEventListener('click', () => (this.#running ? this.#stop('Stopped.') : void this.#start()))
  }

  async #start(): Promise<void> {
    const running = new AbortController()
    this.#running = running
    this.#show('Connecting …', true)
    const { token, apiKey } = this.#credentials()
    const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(apiKey && { 'x-api-key': apiKey }) }
    try {
      for await (const event of readEvents('/v1/scores/stream', headers, running.signal)) this.#handle(event)
      if (this.#running === running) this.#stop('The stream ended.')
    } catch (error) {
      if (this.#running === running) this.#stop(error instanceof Error ? error.message : String(error))
    }
  }

  #handle({ event, data }: ServerEvent): void {
    if (event === 'score') this.#take(data as ScoredEvent)
    else if (event === 'status') this.#status(data as StreamStatus)
    else this.#show(messages[event] ?? '', true)
  }

  #stop(message: string): void {
    this.#running?.abort()
    this.#running = undefined
    this.#show(message, false)
  }

  #show(message: string, isRunning: boolean): void {
    byId('live-state').textContent = message
    this.#button.textContent = isRunning ? 'Stop' : 'Start'
    this.#button.setAttribute('aria-pressed', String(isRunning))
  }

  #status({ eventsPerSecond, delayMs, lag }: StreamStatus): void {
    byId('lag').textContent = lag === null ? '–' : lag.toLocaleString('en')
    byId('rate').textContent = eventsPerSecond.toLocaleString('en')
    byId('delay').textContent = delayMs === null ? '–' : `${delayMs.toLocaleString('en')} ms`
  }

  #take(event: ScoredEvent): void {
    this.#seen++
    this.#pending.push(event)
    if (this.#pending.length > maxLines) this.#pending.shift()
    if (this.#drawDue) return
    this.#drawDue = true
    requestAnimationFrame(() => this.#draw())
  }

  #draw(): void {
    this.#drawDue = false
    byId('seen').textContent = this.#seen.toLocaleString('en')
    const lines = this.#pending.splice(0).map(({ id, label, valence }) => {
      const verdict = element('span', { class: toneOf(valence) }, label)
      return element('li', {}, verdict, ` ${valence.toFixed(2)} · ${id}`)
    })
    this.#list.prepend(...lines.reverse())
    while (this.#list.childElementCount > maxLines) this.#list.lastElementChild?.remove()
  }
}
