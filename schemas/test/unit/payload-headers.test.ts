import { expect, it } from 'vitest'
import { headersOfEnriched, headersWithoutPayload, recordHeader } from '../../src/index.ts'

it.each([
  // Confluent's SchemaId.
  ...['__value_schema_id', '__key_schema_id'],
  // Apicurio's SerdeHeaders.
  ...['globalId', 'contentId', 'contentHash', 'groupId', 'artifactId', 'version', 'encoding', 'msgType'].flatMap(
    (name) => [`apicurio.value.${name}`, `apicurio.key.${name}`],
  ),
  // Spring's AbstractJavaTypeMapper, and Spring Cloud Stream.
  ...['__TypeId__', '__ContentTypeId__', '__KeyTypeId__', '__Key_TypeId__', '__Key_ContentTypeId__', 'contentType'],
  ...['content-type', 'Content-Type', 'content-encoding', 'content-length'],
  ...['ce_specversion', 'ce_type', 'ce_dataschema'],
])('%s, which describes the payload, is not forwarded', (name) => {
  const others = [recordHeader('x', '1'), recordHeader('x', null)]
  const described = recordHeader(name, Buffer.from([1, 2]))
  expect(headersWithoutPayload([...others, described, ...others, described])).toEqual([...others, ...others])
})

it.each([
  ...['traceparent', 'tracestate', 'baggage', 'bulk-job', '', 'constructor', '__proto__', 'valence-tenant'],
  ...['ce_id', 'ce_source', 'ce_subject', 'ce_time', 'content-language', 'apicurio', 'apicurio.tenant', '__schema_id'],
])('%j passes through', (name) => {
  const headers = [recordHeader(name, 'v'), recordHeader(name, null)]
  expect(headersWithoutPayload(headers)).toEqual(headers)
})

it('leaves a record with one more field what is still true of it', () => {
  const wrong = ['__value_schema_id', 'apicurio.value.globalId', 'Content-Length', 'content-md5', 'ce_dataschema']
  const right = ['content-type', '__key_schema_id', 'apicurio.key.globalId', '__TypeId__', 'ce_type', 'ce_id', 'x']
  const headers = [...wrong, ...right].map((name) => recordHeader(name, 'v'))
  expect(headersOfEnriched(headers).map(({ name }) => name)).toEqual(right)
})
