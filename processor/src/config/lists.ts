import { hostPortProblem } from '@valence/schemas'
import { z } from 'zod'

/** Separated by commas. */
export const list = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )
  .pipe(z.array(z.string()).min(1, 'must name at least one'))

/** `host:port`, separated by commas. */
export const addressList = list.refine((given) => hostPortProblem(given) === undefined, {
  error: ({ input }) => hostPortProblem(input as string[]),
})
