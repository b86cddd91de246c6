import { ValenceError } from '@valence/schemas'
import { z } from 'zod'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')

/** A plain file name that cannot refer outside the model's folder on any operating system. */
const fileName = z
  .string()
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/, 'must be a plain file name inside the folder of the model')
  .refine((name) => !/^model\.json/i.test(name), 'must not take the place of the manifest')
  .max(200)

const file = z.object({ path: fileName, sha256, bytes: z.number().int().positive() })
const input = z.object({ name: z.string().min(1), type: z.enum(['int32', 'int64']) })
const label = z.object({
  name: z
    .string()
    .min(1)
    .max(100)
    .refine((name) => !Object.hasOwn(Object.prototype, name) && name !== '__proto__', 'is reserved'),
  polarity: z.number().min(-1).max(1),
})
const golden = z.object({ text: z.string().min(1), scores: z.record(z.string(), z.number().min(0).max(1)) })

const schema = z
  .object({
    manifestVersion: z.literal(1),
    name: z.string().min(1).max(100),
    version: z.string().min(1).max(100),
    description: z.string().default(''),
    license: z.string().default(''),
    createdAt: z.string().default(''),
    task: z.literal('text-classification'),
    labels: z.array(label).min(2).max(1_000),
    maxTokens: z.number().int().min(8).max(8_192),
    files: z.object({ model: file, tokenizer: file }),
    inputs: z.object({ inputIds: input, attentionMask: input.optional(), tokenTypeIds: input.optional() }),
    output: z.object({ name: z.string().min(1) }),
    padTokenId: z.number().int().min(0),
    graph: z.looseObject({
      precision: z.string().default(''),
      sessionOptions: z.object({
        graphOptimizationLevel: z.enum(['disabled', 'basic', 'extended', 'layout', 'all']).default('all'),
      }),
    }),
    calibration: z.object({ temperature: z.number().positive(), logitBias: z.array(z.number()).optional() }),
    golden: z.array(golden).min(1, 'must have at least one text').max(1_000),
    goldenTolerance: z.number().positive().max(1),
    quality: z.record(z.string(), z.unknown()).default({}),
  })
  .superRefine((manifest, context) => {
    const names = manifest.labels.map(({ name }) => name)
    const complain = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (new Set(names).size < names.length) complain(['labels'], 'must have names of their own')
    const { model, tokenizer } = manifest.files
    if (model.path.toLowerCase() === tokenizer.path.toLowerCase() && model.sha256 !== tokenizer.sha256)
      complain(['files', 'tokenizer', 'path'], 'must have a name of its own')
    const bias = manifest.calibration.logitBias
    if (bias && bias.length !== names.length) complain(['calibration', 'logitBias'], 'must have a number per label')
    manifest.golden.forEach(({ scores }, index) => {
      const same = Object.keys(scores).length === names.length && names.every((name) => Object.hasOwn(scores, name))
      if (!same) complain(['golden', index, 'scores'], 'must have a score for each label and no other')
    })
  })

/**
 * The content of model.json: files with digests, inputs and output of the graph, labels, calibration, golden scores.
 */
export type ModelManifest = z.infer<typeof schema>

/**
 * The JSON Schema of model.json for editors and other tools; `make pages` writes it to
 * `processor/model/model.schema.json`.
 */
export function manifestJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(schema, { io: 'input' }),
    title: 'Manifest of a Valence model (model.json)',
    description: 'docs/models.md describes each field.',
  }
}

function isFilePath(path: readonly PropertyKey[]): boolean {
  return path[0] === 'files' && path[2] === 'path'
}

/** Maximum number of faults in one error message. Chosen for readability. */
const faultsNamed = 20

function check(value: unknown) {
  try {
    return schema.safeParse(value)
  } catch (cause) {
    // With hundreds of thousands of faults, the validator itself overflows the stack.
    if (!(cause instanceof RangeError)) throw cause
    throw new ValenceError('VAL_MODEL_MANIFEST_INVALID', 'model.json has too many faults to list', { cause })
  }
}

/**
 * Parses the text of a model.json. @throws VAL_MODEL_MANIFEST_INVALID, which names the invalid fields;
 * VAL_MODEL_PATH_REFUSED for a file name outside the folder
 */
export function parseManifest(text: string): ModelManifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ValenceError('VAL_MODEL_MANIFEST_INVALID', 'model.json is not JSON', { cause })
  }
  const result = check(value)
  if (result.success) return result.data
  const { issues } = result.error
  const faults = issues
    .slice(0, faultsNamed)
    .map(({ path, message }) => `${path.join('.') || 'model.json'}: ${message}`.slice(0, 300))
  if (issues.length > faultsNamed) faults.push(`and ${issues.length - faultsNamed} more`)
  const isEscape = result.error.issues.some(({ path, code }) => isFilePath(path) && code === 'invalid_format')
  throw new ValenceError(isEscape ? 'VAL_MODEL_PATH_REFUSED' : 'VAL_MODEL_MANIFEST_INVALID', faults.join('; '))
}
