import { expect, test } from 'vitest'
import { brokerProperties } from '../../../local/kafka-properties.ts'
import {
  type KafkaSecurity,
  securedProtocols,
  securityFlags,
  securityProperties,
  userArguments,
} from '../../../local/kafka-security.ts'
import { formatProperties } from '../../../local/properties.ts'

const plain: KafkaSecurity = {
  certificate: 'first line\nsecond line\n',
  key: 'key',
  clientAuthority: 'authority',
  users: { ann: 'secret', bob: 'other' },
}
const tokens = { keySetUrl: 'http://127.0.0.1:1/jwks', issuer: 'issuer', audience: 'audience' }

test('nothing is allowed that no ACL allows, save on the plain listener', () => {
  const properties = securityProperties(plain)
  expect(properties['authorizer.class.name']).toMatch(/StandardAuthorizer$/)
  expect(properties['allow.everyone.if.no.acl.found']).toBe('false')
  expect(properties['super.users']).toBe('User:ANONYMOUS')
})

test('only the mTLS listener insists on a client certificate', () => {
  const asked = Object.entries(securityProperties(plain)).filter(([name]) => name.endsWith('ssl.client.auth'))
  expect(asked).toEqual([['listener.name.mtls.ssl.client.auth', 'required']])
})

test('certificates keep their lines in a properties file', () => {
  expect(formatProperties(securityProperties(plain))).toContain(
    'ssl.keystore.certificate.chain=first line\\nsecond line\\n\n',
  )
})

test('tokens are accepted only where an issuer is named, and their keys fetched only from it', () => {
  const mechanisms = 'listener.name.sasl.sasl.enabled.mechanisms'
  expect(securityProperties(plain)[mechanisms]).toBe('SCRAM-SHA-512')
  expect(securityFlags(plain)).toEqual([])
  const properties: Record<string, string> = securityProperties({ ...plain, tokens })
  expect(properties[mechanisms]).toBe('SCRAM-SHA-512,OAUTHBEARER')
  expect(properties['sasl.oauthbearer.expected.audience']).toBe('audience')
  expect(securityFlags({ ...plain, tokens })).toEqual([
    '-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=http://127.0.0.1:1/jwks',
  ])
})

test('each user is one argument of the format', () => {
  expect(userArguments(plain).filter((argument) => argument !== '--add-scram')).toEqual([
    'SCRAM-SHA-512=[name=ann,iterations=4096,password=secret]',
    'SCRAM-SHA-512=[name=bob,iterations=4096,password=other]',
  ])
})

test('each secured listener has its protocol beside the plain one', () => {
  const properties = brokerProperties({
    index: 0,
    controllers: ['127.0.0.1:1'],
    listeners: { CLIENT: '127.0.0.1:2', TLS: '127.0.0.1:3', SASL: '127.0.0.1:4', CONTROLLER: '127.0.0.1:1' },
    advertised: { CLIENT: '127.0.0.1:2', TLS: '127.0.0.1:3', SASL: '127.0.0.1:4' },
    interBroker: 'CLIENT',
    protocols: securedProtocols,
    logs: '/data',
  })
  expect(properties['listener.security.protocol.map']).toBe(
    'CLIENT:PLAINTEXT,TLS:SSL,SASL:SASL_SSL,CONTROLLER:PLAINTEXT',
  )
})
