import { describe, expect, it } from 'vitest'
import { hostPortProblem, parseHostPort } from '../../src/host-port.ts'

describe('parseHostPort', () => {
  it.each([
    ['localhost:9092', 'localhost', 9092],
    ['10.0.0.1:1', '10.0.0.1', 1],
    ['[::1]:65535', '::1', 65_535],
    ['[::ffff:10.0.0.1]:9092', '::ffff:10.0.0.1', 9092],
  ])('reads %s', (address, host, port) => {
    expect(parseHostPort(address)).toEqual({ host, port })
  })

  it.each([
    '',
    'localhost',
    'localhost:',
    ':1',
    'a:0',
    'a:65536',
    'a:-1',
    'a:1.5',
    'a:1 ',
    '::1:1',
    '[::1]',
    '[]:1',
    'k://a:1',
    'u@a:1',
  ])('takes %j for no address', (address) => {
    expect(parseHostPort(address)).toBeUndefined()
  })
})

describe('hostPortProblem', () => {
  it('names the place and not the address, which may carry a secret', () => {
    expect(hostPortProblem(['a:1', 'b:2'])).toBeUndefined()
    expect(hostPortProblem(['me:hunter2@a'])).not.toContain('hunter2')
    expect(hostPortProblem(['a:1', 'b', 'c'])).toContain('number 2 of 3')
  })
})
