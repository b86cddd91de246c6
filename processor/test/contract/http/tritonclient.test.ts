import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { runFacade } from '@valence/testing/processes/facade-run'
import { describe, expect, it } from 'vitest'

const script = fileURLToPath(new URL('ask-tritonclient.py', import.meta.url))
const python = process.env.TEST_PYTHON ?? 'python3'
const isInstalled = spawnSync(python, ['-c', 'import tritonclient.http']).status === 0

interface Answer {
  readonly id: string
  readonly binary: boolean
  readonly label: readonly string[]
  readonly valence: readonly number[]
}

interface Report {
  readonly answers: readonly Answer[]
  readonly nested: Answer
  readonly [name: string]: unknown
}

/** Not in this process: the server under test answers from here. */
async function ask(address: string, model: string): Promise<Report> {
  const child = spawn(python, [script, address, model], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  return JSON.parse(output || JSON.stringify({ errors })) as Report
}

// Where Python or tritonclient is missing; CI installs both.
describe.skipIf(!isInstalled)('tritonclient', () => {
  it('understands every answer, with tensors in JSON and in binary, both ways', async () => {
    await using run = await runFacade()
    const scored = (await (await run.score('I love it')).json()) as { model: { name: string }; valence: number }
    const report = await ask(new URL(run.url).host, scored.model.name)
    expect(report).toMatchObject({
      live: true,
      ready: true,
      metadata: { name: scored.model.name, inputs: [{ name: 'text', datatype: 'BYTES' }] },
      unknown: { status: '404', message: 'No model of this name and version is served here' },
    })
    const [first] = report.answers
    expect(first).toMatchObject({ id: 'r1', binary: true, label: ['positive', 'negative'] })
    expect(first?.valence[0]).toBe(scored.valence)
    expect(report.answers.map(({ binary }) => binary)).toEqual([true, false, true, true, false, true])
    for (const answer of [...report.answers, report.nested]) expect({ ...answer, binary: true }).toEqual(first)
  })
})
