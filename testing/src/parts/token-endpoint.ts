import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What the endpoint was asked. */
export interface TokenRequest {
  readonly authorization: string | undefined
  readonly form: URLSearchParams
}

/** The token endpoint of an issuer; `answer` decides on status and body. */
export class TokenEndpoint implements AsyncDisposable {
  readonly requests: TokenRequest[] = []
  answer: (request: TokenRequest) => { status: number; body: unknown } | Promise<{ status: number; body: unknown }>
  readonly #server = createServer((message, response) => {
    void this.#read(message).then(async (request) => {
      const { status, body } = await this.answer(request)
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })

  private constructor(answer: TokenEndpoint['answer']) {
    this.answer = answer
  }

  static async start(answer: TokenEndpoint['answer']): Promise<TokenEndpoint> {
    const endpoint = new TokenEndpoint(answer)
    await new Promise<void>((resolve) => endpoint.#server.listen(0, '127.0.0.1', resolve))
    return endpoint
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`
  }

  async #read(message: IncomingMessage): Promise<TokenRequest> {
    const request = { authorization: message.headers.authorization, form: new URLSearchParams(await text(message)) }
    this.requests.push(request)
    return request
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
