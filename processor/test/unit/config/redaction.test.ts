import { afterEach, describe, expect, it } from 'vitest'
import { hideSecrets, redact, secretsIn, secretsOf } from '../../../src/config/redaction.ts'

afterEach(() => hideSecrets([]))

describe('what is printed', () => {
  it.each([
    ['https://host/a/model.json', 'https://host/a/model.json'],
    ['https://me:pw@host:8443/a', 'https://[redacted]@host:8443/a'],
    ['redis://:p/w@host:6379/0', 'redis://[redacted]@host:6379/0'],
    ['redis://me:p@w@host', 'redis://[redacted]@host'],
    ['https://host/a?X-Amz-Signature=abc&b=c', 'https://host/a?[redacted]'],
    ['https://host/a#access_token=abc', 'https://host/a#[redacted]'],
    ['https://host?sig=a/b@c', 'https://host?[redacted]'],
    ['https://[::1]:8081/x', 'https://[::1]:8081/x'],
    [
      'https://host/hooks/T00000000/B0001/aB3dE5fG7hI9jK1l/x.json',
      'https://host/hooks/T00000000/B0001/[redacted]/x.json',
    ],
    ['https://host/bot123:ABC-zyx57W2v1u123ew11', 'https://host/[redacted]'],
    ['https://host/7d444840-9dc0-11d1-b245-5ffdce74fad2/a?b=c', 'https://host/[redacted]/a?[redacted]'],
    ['https://host/a/0123456789abcdef0123#x', 'https://host/a/[redacted]#[redacted]'],
    [
      'https://host/SentimentModels/v1.2.3/2026-11-30/minilm-l6-h384-int8.onnx',
      'https://host/SentimentModels/v1.2.3/2026-11-30/minilm-l6-h384-int8.onnx',
    ],
    ['file:///tmp/aB3dE5fG7hI9jK1l/model.json', 'file:///tmp/aB3dE5fG7hI9jK1l/model.json'],
    ['s3://bucket/folder/model.json', 's3://bucket/folder/model.json'],
    ['file:///opt/@scope/x.js:12:34', 'file:///opt/@scope/x.js:12:34'],
    ['one:9092,me:pw@two:9092', 'one:9092,[redacted]@two:9092'],
    ['GET /metrics?api_key=abc&x=1', 'GET /metrics?api_key=[redacted]&x=1'],
    ['default@0.1.0 at 12:30:45, 7 texts', 'default@0.1.0 at 12:30:45, 7 texts'],
  ])('has no credentials in %s', (text, shown) => {
    expect(redact(`said "${text}", again`)).toBe(`said "${shown}", again`)
  })

  it('stays JSON when a URL is in escaped quotes', () => {
    const line = JSON.stringify({ msg: 'no "https://me:pw@host/?q=1" here', next: 1 })
    expect(JSON.parse(redact(line))).toEqual({ msg: 'no "https://[redacted]@host/?[redacted]" here', next: 1 })
  })

  it('has no secret of the configuration, in any encoding', () => {
    const secret = 'pa"ss w/ord'
    hideSecrets([secret])
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret)]) {
      expect(redact(`it is ${form}.`)).not.toMatch(/ss|ord/)
    }
  })
})

describe('secrets', () => {
  it.each([
    ['https://me:hidden1@host/?a=hidden2&b=hidden3#hidden4', ['hidden1', 'hidden2', 'hidden3', 'hidden4']],
    ['https://token-alone@host', ['token-alone']],
    ['http//me:hidden@host', ['hidden']],
    ['http:/me:hid/den@host', ['hid/den']],
    ['me:hidden@host:9092', ['hidden']],
    ['name@1.2.3', []],
    ['./folder/with@at/model', []],
    ['https://host/path', []],
    ['https://host/hooks/aB3dE5fG7hI9jK1l/model.json', ['aB3dE5fG7hI9jK1l']],
    ['https//host/aB3dE5fG7hI9jK1l?a=hidden', ['hidden', 'aB3dE5fG7hI9jK1l']],
    ['/opt/models/aB3dE5fG7hI9jK1l/model', []],
    ['file:///opt/aB3dE5fG7hI9jK1l/model.json', []],
  ])('in %s are found, whether it is a URL or not', (text, found) => {
    expect(secretsIn(text)).toEqual(found)
  })

  it('are found in the settings of Valence and of its libraries', () => {
    const found = secretsOf({
      VALENCE_KAFKA_SASL_PASSWORD: 'hidden-1',
      VALENCE_MODEL_URI_ALLOW: 'https://a/?x=hidden-2,https://me:hidden-3@b/',
      VALENCE_KAFKA_GROUP_ID: 'shown?=shown',
      AWS_SECRET_ACCESS_KEY: 'hidden-4',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=hidden-5,other=hidden-6',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://me:hidden-7@host/',
      PATH: '/bin?x=shown',
    })
    expect([...new Set(found.filter((one) => /^hidden-\d$/.test(one)))].sort()).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((number) => `hidden-${number}`),
    )
    expect(found.join()).not.toContain('shown')
  })
})
