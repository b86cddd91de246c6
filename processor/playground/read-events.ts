export interface ServerEvent {
  readonly event: string
  readonly data: unknown
}

function parse(block: string): ServerEvent | undefined {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
  const [event, data] = [field('event'), field('data')]
  return event === undefined || data === undefined ? undefined : { event, data: JSON.parse(data) }
}

async function refusal(response: Response): Promise<Error> {
  const problem = (await response.json().catch(() => ({}))) as { title?: string; help?: string }
  return new Error([problem.title ?? `The server answered ${response.status}`, problem.help].filter(Boolean).join('. '))
}

/**
 * Server-sent events over fetch, because an EventSource cannot carry credentials in a header. The first event, `open`,
 * is made here.
 */
export async function* readEvents(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal })
  if (!response.ok || !response.body) throw await refusal(response)
  yield { event: 'open', data: undefined }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (rest + part.value).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = parse(block)
      if (event) yield event
    }
  }
}
