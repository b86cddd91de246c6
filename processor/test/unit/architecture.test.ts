import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const processorSource = join(repository, 'processor/src')

/** Rooms from top to bottom; a file may import from rooms below its own, and from its own. Design: "Imports go down only". */
const ranks: readonly (readonly string[])[] = [
  ['main'],
  ['cli'],
  ['services'],
  ['jobs', 'doctor'],
  ['pipeline', 'http', 'text-files'],
  ['scoring', 'scaling', 'feedback', 'enrich'],
  ['monitoring'],
  ['model'],
  ['inference', 'kafka', 'redis', 'registry'],
  ['observability'],
  ['config'],
  ['platform'],
  ['domain'],
]

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}

/** The room of a file: its folder under src, or its own name at the top. */
function roomOf(path: string): string {
  return relative(processorSource, path).replace(/\.ts$/, '').split('/')[0] as string
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, target]) =>
    join(dirname(path), target as string),
  )
}

function isAllowed(from: string, to: string): boolean {
  if (from === to) return true
  const rankOf = (room: string) => ranks.findIndex((rooms) => rooms.includes(room))
  return rankOf(from) < rankOf(to)
}

const processorFiles = sources(processorSource)
const allFiles = ['schemas', 'producer-sdk', 'processor'].flatMap((name) => sources(join(repository, name, 'src')))
const workspaces = ['schemas', 'producer-sdk', 'processor', 'testing', 'deploy']
/** Sources, tests, benches, scripts. */
const everyFile = workspaces
  .flatMap((name) => sources(join(repository, name)))
  .filter((path) => !/\/(node_modules|dist)\//.test(path))
const names = (paths: readonly string[]) => paths.map((path) => relative(repository, path))

describe('the house', () => {
  it('has a rank for every room', () => {
    const rooms = new Set(processorFiles.map(roomOf))
    expect([...rooms].filter((room) => !ranks.flat().includes(room))).toEqual([])
  })

  it('imports downwards only', () => {
    const wrong = processorFiles.flatMap((path) =>
      importsOf(path)
        .filter((target) => !isAllowed(roomOf(path), roomOf(target)))
        .map((target) => `${relative(processorSource, path)} → ${relative(processorSource, target)}`),
    )
    expect(wrong).toEqual([])
  })

  it('crosses workspaces by package name only', () => {
    const wrong = everyFile.filter((path) => {
      const workspace = relative(repository, path).split('/')[0] as string
      return importsOf(path).some((target) => !target.startsWith(`${join(repository, workspace)}/`))
    })
    expect(names(wrong)).toEqual([])
  })

  it('lets only main touch the process', () => {
    const touching = processorFiles.filter((path) =>
      /\bprocess\.(env|argv|exit|on|stdin|stdout|stderr)\b/.test(code(path)),
    )
    expect(names(touching)).toEqual(['processor/src/main.ts'])
  })

  it('lets only kafka/ know the Kafka client, and nobody kafkajs itself', () => {
    const rooms = processorFiles.filter((path) => /from '@valence\/producer-sdk\/kafka'/.test(code(path))).map(roomOf)
    expect(
      [...new Set(rooms)].filter(
        (room) => !['kafka', 'services', 'http', 'jobs', 'doctor', 'monitoring', 'cli'].includes(room),
      ),
    ).toEqual([])
    expect(names(processorFiles.filter((path) => /from 'kafkajs'/.test(code(path))))).toEqual([])
  })

  it('names partitions in one place', () => {
    const naming = processorFiles.filter((path) => /topic\}-\$\{[\w.]*partition\}(?!-)/.test(code(path)))
    expect(names(naming)).toEqual(['processor/src/kafka/topic-partition.ts'])
  })

  it('derives names from the group in one place', () => {
    const deriving = processorFiles.filter((path) => /\$\{[\w.#]*[gG]roupId\}[.-](?!\*)/.test(code(path)))
    expect(names(deriving)).toEqual(['processor/src/kafka/group-names.ts'])
  })

  it('has commands that only read their options, call and print', () => {
    const long = sources(join(processorSource, 'cli/commands')).filter((path) => linesOf(path) > 60)
    expect(names(long)).toEqual([])
  })

  it('drives jobs, monitoring and doctor without a terminal', () => {
    const libraries = processorFiles.filter((path) =>
      ['jobs', 'monitoring', 'doctor', 'text-files'].includes(roomOf(path)),
    )
    const knowing = libraries.filter(
      (path) =>
        importsOf(path).some((target) => roomOf(target) === 'cli') ||
        /\b(CommandOptions|CliContext)\b/.test(code(path)),
    )
    expect(names(knowing)).toEqual([])
  })

  it('has no file of more than 400 lines', () => {
    expect(names(allFiles.filter((path) => linesOf(path) > 400))).toEqual([])
  })

  it('has no room without a name of its own', () => {
    const nameless = allFiles.filter((path) => /\/(utils?|helpers?|common|misc|lib)(\/|\.ts$)/.test(path))
    expect(names(nameless)).toEqual([])
  })

  it('runs every test file in a suite', () => {
    const tests = everyFile.filter((path) => path.endsWith('.test.ts'))
    expect(names(tests.filter((path) => !/\/test\/(unit|contract|integration|faults)\//.test(path)))).toEqual([])
  })
})

/** As `wc -l` counts. */
function linesOf(path: string): number {
  return readFileSync(path, 'utf8').split('\n').length - 1
}

/** The source without comments and strings' contents of documentation. */
function code(path: string): string {
  return readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
}
