import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { reach } from '../../../src/doctor/endpoint.ts'

describe('reach', () => {
  it('resolves where something listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await reach({ host: '127.0.0.1', port }, 2_000)
    server.close()
    await once(server, 'close')
    await expect(reach({ host: '127.0.0.1', port }, 2_000)).rejects.toThrow(
      'does not accept connections (ECONNREFUSED)',
    )
  })

  it('tells a name that does not resolve from a host that does not answer', async () => {
    await expect(reach({ host: 'no-such-host.invalid', port: 9092 }, 2_000)).rejects.toThrow(
      'the name no-such-host.invalid does not resolve',
    )
  })
})
