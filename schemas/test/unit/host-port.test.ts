import { describe, expect, it } from 'vitest'
import { hostPortProblem, parseHostPort } from '../../src/host-port.ts'

describe('parseHostPort', () => {
  it.each([
    ['localhost:9092', 'localhost', 9092],
    ['10.0.0.1:1', '10.0.0.1', 1],
    ['[::1]:65535', '::1', 65_535],
    ['[::ffff:10.0.0.1]:9092', '::ffff:10.0.0.1', 9092],
    ['[fe80::1%eth0]:1', 'fe80::1%eth0', 1],
    ['broker_1.kafka.svc.cluster.local.:1', 'broker_1.kafka.svc.cluster.local.', 1],
    ['bücher.example:1', 'bücher.example', 1],
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
    '[zz]:1',
    '[a]:1',
    '[1.2.3.4]:1',
    'a\0b:1',
    'a\u{200b}b:1',
    'a"b:1',
    '<a>:1',
    'a\\b:1',
    '*:1',
    'a%20b:1',
    ',a:1',
    '.:1',
    'a..b:1',
    '999.1.1.1:1',
    `${'a'.repeat(64)}.b:1`,
    `${'a.'.repeat(130)}b:1`,
  ])('refuses %j', (address) => {
    expect(parseHostPort(address)).toBeUndefined()
  })
})

describe('hostPortProblem', () => {
  it('names the position and not the address, which can contain a secret', () => {
    expect(hostPortProblem(['a:1', 'b:2'])).toBeUndefined()
    expect(hostPortProblem(['me:hunter2@a'])).not.toContain('hunter2')
    expect(hostPortProblem(['a:1', 'b', 'c'])).toContain('number 2 of 3')
  })
})
