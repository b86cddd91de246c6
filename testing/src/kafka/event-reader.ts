/** One server-sent event. */
export interface ServerEvent {
  readonly id?: string
  readonly event?: string
  readonly data?: unknown
}

function parseBlock(block: string): ServerEvent {
  const fields = block.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2) as [string, string])
  const { id, event, data } = Object.fromEntries(fields)
  return { ...(id && { id }), ...(event && { event }), ...(data && { data: JSON.parse(data) }) }
}

/** Reads a stream of server-sent events as a browser would. */
export class EventReader implements AsyncDisposable {
  readonly events: ServerEvent[] = []
  readonly #abort = new AbortController()
  readonly #done: Promise<void>

  private constructor(open: (signal: AbortSignal) => Promise<Response>) {
    this.#done = open(this.#abort.signal).then((response) => this.#read(response))
    this.#done.catch(() => undefined)
  }

  static open(url: string, headers: Record<string, string> = {}): EventReader {
    return new EventReader((signal) => fetch(url, { signal, headers: { accept: 'text/event-stream', ...headers } }))
  }

  /** The data of the events of a name so far. */
  of(name: string): unknown[] {
    return this.events.filter(({ event }) => event === name).map(({ data }) => data)
  }

  get lastId(): string | undefined {
    return this.events.findLast(({ id }) => id !== undefined)?.id
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#done.catch(() => undefined)
  }

  async #read(response: Response): Promise<void> {
    if (!response.ok) throw new Error(`the stream answered ${response.status}`)
    let rest = ''
    for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n')
      rest = blocks.pop() ?? ''
      this.events.push(...blocks.filter((block) => !block.startsWith(':')).map(parseBlock))
    }
  }
}
