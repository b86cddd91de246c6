import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { type ProbeOptions, parseLines, probeCli, runValence } from '@valence/testing/processes/cli-run'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runCli } from '../../../../src/cli/cli.ts'

type Model = Awaited<ReturnType<typeof writeTinyModel>>
interface Line {
  readonly id: string
  readonly label?: string
  readonly scores?: Record<string, number>
  readonly valence?: number
  readonly tokens?: number
  readonly truncated?: boolean
  readonly model?: { name: string; version: string; sha256: string }
  readonly error?: { code: string; message: string }
}

let model: Model
let folder: string

beforeAll(async () => {
  model = await writeTinyModel()
  folder = await mkdtemp(join(tmpdir(), 'valence-score-'))
})
afterAll(async () => {
  await model.remove()
  await rm(folder, { recursive: true })
})

async function score(args: readonly string[], options: ProbeOptions = {}) {
  const environment = { VALENCE_MODEL: model.folder, VALENCE_INFERENCE_WORKERS: '1' }
  const result = await runValence(['score', ...args], { environment, ...options })
  return { ...result, scored: parseLines<Line>(result.lines) }
}

describe('valence score', () => {
  it('scores its arguments', async () => {
    const { code, scored, stderr } = await score(['good', 'awful', 'ok bad'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(scored.map(({ id, label }) => [id, label])).toEqual([
      ['1', 'positive'],
      ['2', 'negative'],
      ['3', 'negative'],
    ])
  })

  it('prints all there is to say of a text, and not the text', async () => {
    const { scored } = await score(['good'])
    const [line] = scored
    expect(Object.keys(line ?? {})).toEqual(['id', 'label', 'scores', 'valence', 'tokens', 'truncated', 'model'])
    expect(Object.keys(line?.scores ?? {})).toEqual(['negative', 'neutral', 'positive'])
    expect(Object.values(line?.scores ?? {}).reduce((a, b) => a + b)).toBeCloseTo(1)
    expect(line).toMatchObject({ tokens: 3, truncated: false, model: { name: 'tiny', version: '1.2.3' } })
    expect(line?.valence).toBeCloseTo((line?.scores?.positive ?? 0) - (line?.scores?.negative ?? 0))
    expect(line?.model?.sha256).toMatch(/^[0-9a-f]{12}$/)
  })

  it('reads plain and JSON lines from standard input; an id stays, else the line number is one', async () => {
    const stdin = 'good\n{"id":"mine","text":"bad"}\n{"id":7,"text":"great"}\n{"text":"ok"}\n'
    const { code, scored } = await score([], { stdin })
    expect(code).toBe(0)
    expect(scored.map(({ id, label }) => [id, label])).toEqual([
      ['1', 'positive'],
      ['mine', 'negative'],
      ['7', 'positive'],
      ['4', 'positive'],
    ])
  })

  it('does not take the label of a labelled file for an answer', async () => {
    const { scored } = await score([], { stdin: '{"text":"good","label":"negative"}\n' })
    expect(scored[0]?.label).toBe('positive')
  })

  it('answers in its place for a line that cannot be scored, and fails at the end', async () => {
    const stdin = Buffer.concat([
      Buffer.from('good\n\n{"text"\n'),
      Buffer.from([0xff, 0x0a]),
      Buffer.from('{"id":"x"}\nbad\n'),
    ])
    const { code, scored, stderr } = await score([], { stdin })
    expect(code).toBe(1)
    expect(scored.map(({ id, label, error }) => [id, label ?? error?.code])).toEqual([
      ['1', 'positive'],
      ['2', 'VAL_TEXT_EMPTY'],
      ['3', 'VAL_RECORD_JSON_INVALID'],
      ['4', 'VAL_RECORD_NOT_UTF8'],
      ['x', 'VAL_RECORD_INVALID'],
      ['6', 'negative'],
    ])
    expect(stderr).toContain('4 of 6 texts could not be scored')
  })

  it('isolates a text that the graph refuses', async () => {
    const { code, scored } = await score(['good', 'poison', 'bad'])
    expect(code).toBe(1)
    expect(scored.map(({ label, error }) => label ?? error?.code)).toEqual([
      'positive',
      'VAL_INFERENCE_FAILED',
      'negative',
    ])
  })

  it('says that a text was longer than the model reads', async () => {
    const { scored } = await score(['good '.repeat(50)])
    expect(scored[0]).toMatchObject({ truncated: true, tokens: 16 })
  })

  it('scores a file of many in its order, on the worker pool', async () => {
    const path = join(folder, 'many.csv')
    const words = ['good', 'bad', 'great', 'awful']
    const rows = Array.from({ length: 3_000 }, (_, index) => `r${index},${words[index % 4]}`)
    await writeFile(path, `id,text\n${rows.join('\n')}\n`)
    const { code, scored } = await score(['--file', path])
    expect(code).toBe(0)
    expect(scored.map(({ id }) => id)).toEqual(Array.from({ length: 3_000 }, (_, index) => `r${index}`))
    const expected = ['positive', 'negative', 'positive', 'negative']
    expect(scored.every(({ label }, index) => label === expected[index % 4])).toBe(true)
  })

  it('prints nothing for nothing', async () => {
    expect(await score([], { stdin: '' })).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  it('explains itself to someone at a terminal', async () => {
    const stdin = Object.assign(new PassThrough().end('good\n'), { isTTY: true })
    const { code, stderr } = await score([], { stdin })
    expect(code).toBe(0)
    expect(stderr).toContain('end with Ctrl-D')
  })

  it('shows a bar on a terminal, beside the data', async () => {
    const path = join(folder, 'few.txt')
    await writeFile(path, 'good\nbad\n')
    const { code, stdout, stderr } = await score(['--file', path], {
      environment: { VALENCE_MODEL: model.folder },
      terminal: true,
    })
    expect(code).toBe(0)
    expect(parseLines(stdout.trimEnd().split('\n'))).toHaveLength(2)
    expect(stderr).toContain('100%')
    expect(stderr).toContain('2 texts')
  })

  it('stops when it is told to, and says how far it came', async () => {
    const stdin = new PassThrough()
    const environment = { VALENCE_MODEL: model.folder, VALENCE_INFERENCE_WORKERS: '1' }
    const probe = probeCli({ environment, stdin })
    const running = runCli(['score'], probe.context)
    stdin.write('good\n')
    await vi.waitFor(() => expect(probe.stdout.lines).toHaveLength(1))
    probe.stop()
    expect(await running).toBe(1)
    expect(probe.stderr.text).toBe('stopped after 1 text\n')
  })

  it.each([
    [['text', '--file', 'x'], 2, 'give texts or --file, not both'],
    [['--file', '/no/such/file'], 2, 'VAL_FILE_UNREADABLE'],
    [['--format', 'xml', 'x'], 2, '--format must be one of'],
  ])('%j ends with exit code %i', async (args, expected, message) => {
    const { code, stderr, stdout } = await score(args)
    expect(code).toBe(expected)
    expect(stderr).toContain(message)
    expect(stdout).toBe('')
  })

  it('names the model that is missing', async () => {
    const { code, stderr } = await score(['good'], { environment: { VALENCE_MODEL: folder } })
    expect(code).toBe(1)
    expect(stderr).toContain(`VAL_MODEL_MISSING`)
    expect(stderr).toContain(join(folder, 'model.json'))
  })
})
