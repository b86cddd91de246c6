/** A request before anything is done to it. */
export interface PlainRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

const json = ['content-type', 'application/json'] as const

function request(method: string, target: string, headers: PlainRequest['headers'] = [], body: Buffer | string = '') {
  return { method, target, headers: [['host', 'valence.example'], ...headers], body: Buffer.from(body) } as PlainRequest
}

const post = (target: string, body: unknown, headers: PlainRequest['headers'] = []) =>
  request('POST', target, [json, ...headers], JSON.stringify(body))

/** The binary tensor extension: JSON, then each text behind its length. */
function binaryInfer(model: string): PlainRequest {
  const texts = ['good', 'bad'].map((text) => {
    const bytes = Buffer.alloc(4 + text.length)
    bytes.writeUInt32LE(text.length)
    bytes.write(text, 4)
    return bytes
  })
  const size = texts.reduce((sum, { length }) => sum + length, 0)
  const tensor = { name: 'text', shape: [2], datatype: 'BYTES', parameters: { binary_data_size: size } }
  const head = Buffer.from(JSON.stringify({ inputs: [tensor] }))
  const headers = [['inference-header-content-length', String(head.length)]] as const
  return request('POST', `/v2/models/${model}/infer`, headers, Buffer.concat([head, ...texts]))
}

/** One of each kind that the facade answers well. */
export function plainRequests(model: string): PlainRequest[] {
  const tensor = { name: 'text', shape: [2], datatype: 'BYTES', data: ['good', 'bad'] }
  const event = { id: 'a', occurredAt: 1, source: 's', lang: 'en', attributes: { a: 'b' } }
  return [
    post('/v1/score', { text: 'I love this' }, [['timeout-ms', '5000']]),
    post('/v1/score', { ...event, text: 'It is Monday' }, [
      ['x-request-id', 'r'],
      ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ]),
    post('/v1/score/batch', { texts: ['good', { ...event, text: 'bad' }, ' '] }),
    request('GET', '/v1/score?text=I%20love%20this', [['if-none-match', 'W/"a-b"']]),
    request('HEAD', '/v1/score?text=good'),
    post('/v1/texts', { text: 'good' }, [['idempotency-key', 'k']]),
    request('GET', '/v1/scores/stream?source=s', [['last-event-id', '0.1-1.2']]),
    post('/v1/revocations', { subject: 'alice', ttlMs: 60_000 }),
    request('GET', '/v2/health/ready'),
    request('GET', `/v2/models/${model}`),
    post(`/v2/models/${model}/infer`, { id: '1', inputs: [tensor], outputs: [{ name: 'label' }] }),
    post(`/v2/models/${model}/versions/1/infer`, { inputs: [{ ...tensor, shape: [2, 1], data: [['a'], ['b']] }] }),
    binaryInfer(model),
    request('GET', '/openapi.json', [['accept-encoding', 'gzip']]),
    request('GET', '/docs/static/index.html'),
    request('GET', '/'),
    request('OPTIONS', '/v1/score', [
      ['origin', 'https://elsewhere.example'],
      ['access-control-request-method', 'POST'],
    ]),
  ]
}
