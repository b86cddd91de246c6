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
