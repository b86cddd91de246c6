import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { choosePorts, findFreePorts, isPortFree, PortTakenError, retryTakenPorts } from '../../../local/free-port.ts'

async function occupy(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}

test('finds different free ports below the ephemeral range', async () => {
  const ports = await findFreePorts(20)
  expect(new Set(ports).size).toBe(20)
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(20_000)
  expect(Math.max(...ports)).toBeLessThan(32_768)
})

test('a bound port is not free', async () => {
  expect(await isPortFree(await occupy())).toBe(false)
})

test('ports that were asked for follow one another', async () => {
  const first = await vi.waitFor(async () => {
    const [port = 0] = await findFreePorts(1)
    if (!(await isPortFree(port + 1)) || !(await isPortFree(port + 2))) throw new Error('neighbours are taken')
    return port
  })
  expect(await choosePorts('Kafka', 3, first)).toEqual([first, first + 1, first + 2])
})

test('an occupied port that was asked for is named, with the way to find its owner', async () => {
  const port = await occupy()
  await expect(choosePorts('Redis', 1, port)).rejects.toThrow(
    new RegExp(`Port ${port}, which Redis was to have, is occupied\n.*lsof -i :${port}`),
  )
})

test('a port taken between check and start is tried again, three times in all', async () => {
  const start = vi.fn<() => Promise<string>>().mockRejectedValue(new PortTakenError('taken'))
  await expect(retryTakenPorts(start)).rejects.toThrow('taken')
  expect(start).toHaveBeenCalledTimes(3)
  start.mockReset().mockRejectedValueOnce(new PortTakenError('taken')).mockResolvedValueOnce('started')
  expect(await retryTakenPorts(start)).toBe('started')
})

test('any other failure is not tried again', async () => {
  const start = vi.fn<() => Promise<string>>().mockRejectedValue(new Error('no Java'))
  await expect(retryTakenPorts(start)).rejects.toThrow('no Java')
  expect(start).toHaveBeenCalledTimes(1)
})
