import type { z } from 'zod'
import type { SettingName, settings } from './settings.ts'

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<Camel<Tail>>}`
  : Lowercase<S>

type KeyOf<N extends SettingName> = N extends `VALENCE_${infer Rest}` ? Camel<Rest> : never

type ValueOf<N extends SettingName> =
  | z.output<(typeof settings)[N]['schema']>
  | ((typeof settings)[N] extends { readonly fallback: string } ? never : undefined)

/** The configuration after defaults and parsing: VALENCE_KAFKA_GROUP_ID is `kafkaGroupId`. Frozen. */
export type Config = { readonly [N in SettingName as KeyOf<N>]: ValueOf<N> }
