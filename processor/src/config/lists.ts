import { hostPortProblem } from '@valence/schemas'
import { z } from 'zod'

/** A comma-separated list, trimmed, with at least one item. */
export const list = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )
  .pipe(z.array(z.string()).min(1, 'must name at least one'))

/** A comma-separated list of `host:port`. */
export const addressList = list.refine((given) => hostPortProblem(given) === undefined, {
  error: ({ input }) => hostPortProblem(input as string[]),
})

/** Comma-separated `name=value` pairs. */
export const pairs = list.transform((items, context) => {
  const found: Record<string, string> = {}
  for (const item of items) {
    const [, name, value] = /^([A-Za-z][\w-]*)=([\x20-\x7e]+)$/.exec(item) ?? []
    if (name !== undefined && value !== undefined && !Object.hasOwn(found, name)) found[name] = value
    else context.addIssue({ code: 'custom', message: 'must be name=value pairs, comma separated, each name once' })
  }
  return found as Readonly<Record<string, string>>
})
