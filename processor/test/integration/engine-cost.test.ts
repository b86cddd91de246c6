import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { benchEngine } from '../../bench/engine.ts'
import { readMeasurements } from '../../bench/report/measurements.ts'
import { readTexts } from '../../bench/texts.ts'
import { resolveModel } from '../../src/model/model-location.ts'

/** How much dearer than when it was published the engine may be: beside other tests short runs differ by a tenth and more. */
const tolerance = 1.3
const count = 400

/** The bundled texts, numbered where they come again, so that no cache helps. */
function distinctTexts(): string[] {
  const sample = fileURLToPath(new URL('../../../deploy/local/demo/sample.jsonl', import.meta.url))
  const texts = readTexts(sample)
  return Array.from({ length: count }, (_, index) => `${texts[index % texts.length]} ${index}`)
}

it('a text costs as much more than its arithmetic as the published benchmark says, not more', async () => {
  const options = { texts: distinctTexts(), modelFolder: resolveModel(undefined), workers: 2, rounds: 5 }
  const { overhead, padding } = await benchEngine(options)
  const { engine } = readMeasurements().bench
  expect(overhead).toBeLessThan(engine.overhead * tolerance)
  expect(padding).toBeLessThan(1.1)
})
