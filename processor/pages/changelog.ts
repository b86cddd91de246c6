/** What a change is, in the order of Keep a Changelog. */
export const changeKinds = ['added', 'changed', 'deprecated', 'removed', 'fixed', 'security'] as const

/** A file of docs/changes: `KIND-a-few-words.md` with one paragraph. */
export interface Fragment {
  readonly name: string
  readonly text: string
}

function kindOf({ name }: Fragment): (typeof changeKinds)[number] {
  const kind = changeKinds.find((own) => name.startsWith(`${own}-`))
  if (kind === undefined) throw new Error(`docs/changes/${name} begins with none of ${changeKinds.join(', ')}`)
  return kind
}

/** One bullet; the lines after the first are indented below it. */
function bullet({ text }: Fragment): string {
  return `- ${text.trim().replaceAll('\n', '\n  ')}`
}

/** The changelog with the fragments as a version, above the versions before it. */
export function withVersion(
  changelog: string,
  { version, date, fragments }: { version: string; date: string; fragments: readonly Fragment[] },
): string {
  if (fragments.length === 0) throw new Error('docs/changes has no fragment: nothing is to be released')
  if (changelog.includes(`\n## ${version} `)) throw new Error(`CHANGELOG.md has a version ${version} already`)
  const at = changelog.search(/^## \d/m)
  if (at < 0) throw new Error('CHANGELOG.md has no version to put it above')
  const sections = [...Map.groupBy(fragments, kindOf)]
    .sort(([a], [b]) => changeKinds.indexOf(a) - changeKinds.indexOf(b))
    .map(([kind, own]) => `### ${kind[0]?.toUpperCase()}${kind.slice(1)}\n\n${own.map(bullet).join('\n')}\n`)
  return `${changelog.slice(0, at)}## ${version} (${date})\n\n${sections.join('\n')}\n${changelog.slice(at)}`
}
