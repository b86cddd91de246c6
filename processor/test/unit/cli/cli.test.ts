import { runValence } from '@valence/testing/processes/cli-run'
import { describe, expect, it } from 'vitest'
import { commands, groupSummaries } from '../../../src/cli/command-table.ts'

const pathOf = (usage: string) => usage.split(/ (?=[[<])/)[0]?.split(' ') ?? []

describe('valence', () => {
  it('lists its commands', async () => {
    const { code, stdout } = await runValence(['--help'])
    expect(code).toBe(0)
    for (const { usage } of commands) expect(stdout).toContain(` ${pathOf(usage)[0]}`)
  })

  it('prints its version', async () => {
    expect(await runValence(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })

  it.each(commands.map(({ usage }) => [pathOf(usage).join(' ')]))('%s has help with an example', async (path) => {
    const { code, stdout } = await runValence([...path.split(' '), '--help'])
    const spec = commands.find(({ usage }) => pathOf(usage).join(' ') === path)
    expect(code).toBe(0)
    expect(stdout).toContain(`Example:\n  $ ${spec?.example}`)
    expect(stdout).toContain(`Usage: valence ${path}`)
    for (const [flags] of spec?.options ?? []) expect(stdout).toContain(flags)
  })

  it.each(Object.keys(groupSummaries))('%s alone shows its commands and is wrong usage', async (group) => {
    const { code, stderr, stdout } = await runValence([group])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(`Usage: valence ${group}`)
  })

  it.each(commands.map(({ usage, load }) => [usage, load] as const))('%s can be loaded', async (_, load) => {
    expect(await load()).toBeTypeOf('function')
  })

  it.each([
    ['no command', []],
    ['an unknown command', ['skore']],
    ['an unknown option', ['score', '--loud']],
    ['a missing argument', ['produce']],
    ['too many arguments', ['lag', 'now']],
    ['an option without its value', ['consume', '--limit']],
  ])('%s is wrong usage, told on stderr', async (_, args) => {
    const { code, stdout, stderr } = await runValence(args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).not.toBe('')
  })

  it('tells all problems of the configuration at once', async () => {
    const environment = { VALENCE_KAFKA_BROKER: 'a:1', VALENCE_HTTP_PORT: 'eighty' }
    const { code, stderr } = await runValence(['lag', '--once'], { environment })
    expect(code).toBe(2)
    expect(stderr).toContain('VALENCE_KAFKA_BROKER is not a setting; did you mean VALENCE_KAFKA_BROKERS?')
    expect(stderr).toContain('VALENCE_HTTP_PORT')
  })

  it.each([
    [['lag', '--interval-ms', '5'], '--interval-ms must be a whole number of at least 100'],
    [['consume', '--limit', 'x'], '--limit must be a whole number'],
    [['dlq', 'list', '--since', 'soon'], '--since must be a time'],
    [['dlq', 'show', 'first'], 'a position looks like 0:17'],
    [['dlq', 'replay', '--limit', '0'], '--limit must be a whole number'],
    [['topics', 'create', '--partitions', '-1'], '--partitions must be a whole number'],
    [['produce', 'x', '--raw', '--key', 'id'], '--raw looks into no line'],
    [['produce', 'x', '--format', 'xml'], '--format must be one of auto, json, text, csv'],
  ])('%j is wrong usage before anything is connected to', async (args, message) => {
    // Nothing listens on port 9 of this machine; a connection would end with exit code 1.
    const { code, stderr } = await runValence(args, { environment: { VALENCE_KAFKA_BROKERS: '127.0.0.1:9' } })
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  it('names a file that cannot be read', async () => {
    const { code, stderr } = await runValence(['produce', '/no/such/file'])
    expect(code).toBe(2)
    expect(stderr).toContain('VAL_FILE_UNREADABLE: A file cannot be read: /no/such/file')
  })

  it('needs a registry to register schemas', async () => {
    const { code, stderr } = await runValence(['schemas', 'register'])
    expect(code).toBe(2)
    expect(stderr).toContain('VALENCE_SCHEMA_REGISTRY_URL is not set')
  })

  it('says that no broker answers', async () => {
    const environment = { VALENCE_KAFKA_BROKERS: '127.0.0.1:9' }
    const { code, stderr } = await runValence(['topics', 'create'], { environment })
    expect(code).toBe(1)
    expect(stderr).toContain('VAL_KAFKA_UNREACHABLE')
    expect(stderr).toContain('valence doctor')
  })
})
