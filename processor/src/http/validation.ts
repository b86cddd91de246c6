import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { HttpApp } from './http-app.ts'

/**
 * Bodies are taken by their word, a number is no string. What comes in the URL or the headers is all strings and is
 * read as the schema says.
 */
export function addValidation(app: HttpApp): void {
  const options = { allowUnionTypes: true, useDefaults: true, keywords: ['example'] }
  const exact = new Ajv2020(options)
  const reading = new Ajv2020({ ...options, coerceTypes: true })
  for (const ajv of [exact, reading]) addFormats.default(ajv)
  app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? exact : reading).compile(schema as object))
}
