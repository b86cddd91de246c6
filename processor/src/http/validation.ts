import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { HttpApp } from './http-app.ts'

/**
 * Bodies are validated without coercion. Values in the URL and the headers are strings and are coerced to the schema's
 * types.
 */
export function addValidation(app: HttpApp): void {
  const options = { allowUnionTypes: true, useDefaults: true, keywords: ['example'] }
  const exact = new Ajv2020(options)
  const reading = new Ajv2020({ ...options, coerceTypes: true })
  for (const ajv of [exact, reading]) addFormats.default(ajv)
  app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? exact : reading).compile(schema as object))
}
