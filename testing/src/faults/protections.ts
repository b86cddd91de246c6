/** What a processor can be run without, to show that it needs it. */
export type Protection =
  | 'fencing'
  | 'transactions'
  | 'overlay'
  | 'overlay and acknowledgements'
  | 'notice of failed commits'
  | 'watch over the membership'

const preload = new URL('./unprotect.preload.ts', import.meta.url).href

/** The environment of a processor that lacks a protection; see unprotected-kafka.ts and late-notice.ts. */
export function withoutProtection(protection: Protection): Record<string, string> {
  return { NODE_OPTIONS: `--import ${preload}`, TEST_WITHOUT: protection }
}
