import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { TcpSwitch } from '../../../blue-green/tcp-switch.ts'

async function serve(name: string) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data) => socket.write(`${name} ${data}`))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, server }
}

async function open(port: number) {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  await once(socket, 'connect')
  return {
    socket,
    async ask(text: string) {
      socket.write(text)
      return (await once(socket, 'data'))[0] as string
    },
  }
}

it('sends new connections to where it points, and leaves those that are there', async () => {
  const [blue, green] = [await serve('blue'), await serve('green')]
  const own = await TcpSwitch.listen(blue.port)
  const old = await open(own.port)
  expect(await old.ask('1')).toBe('blue 1')
  own.pointTo(green.port)
  const fresh = await open(own.port)
  expect(await fresh.ask('2')).toBe('green 2')
  expect(await old.ask('3')).toBe('blue 3')
  old.socket.destroy()
  fresh.socket.destroy()
  await own.close()
  blue.server.close()
  green.server.close()
})

it('closes connections that nobody answers', async () => {
  const gone = await serve('gone')
  gone.server.close()
  const own = await TcpSwitch.listen(gone.port)
  const { socket } = await open(own.port)
  socket.on('error', () => undefined)
  await once(socket, 'close')
  await own.close()
})
