import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { PortTakenError } from './free-port.ts'
import type { Part } from './supervisor-client.ts'
import type { PartEnd } from './supervisor-protocol.ts'

const pollMs = 100
const logLines = 15

// The messages of Java, Redis and Quarkus.
const portTaken = /address already in use|already bound|in use by another process/i

/** The last lines of a log, indented, for an error message. */
function tailOf(text: string): string {
  const lines = text.trimEnd().split('\n').slice(-logLines)
  return lines.map((line) => `    ${line}`).join('\n')
}

/** Waits until `probe` resolves; rejects with the last log lines if the part ends first or the time limit passes. */
export async function awaitAnswer(part: Part, probe: () => Promise<void>, timeoutMs = 120_000): Promise<void> {
  let end: PartEnd | undefined
  void part.ended.then((result) => {
    end = result
  })
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      await probe()
      return
    } catch (cause) {
      const late = Date.now() > deadline
      if (end !== undefined || late) {
        const text = await readFile(part.log, 'utf8').catch(() => '')
        const fact = end ? `ended (${end.reason}) before it answered` : `does not answer after ${timeoutMs / 1000} s`
        const message = `${part.name} ${fact}:\n${tailOf(text)}`
        throw portTaken.test(text) ? new PortTakenError(message) : new Error(message, { cause })
      }
      await delay(pollMs)
    }
  }
}
