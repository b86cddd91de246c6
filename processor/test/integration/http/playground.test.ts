import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { TestKafka } from '@valence/testing/counting/workload'
import { type FacadeRun, runFacade } from '@valence/testing/processes/facade-run'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

const executablePath = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path))

let run: FacadeRun
let browser: Browser
let kafka: TestKafka

/** A page that fails its test when it breaks a rule: nothing from elsewhere, no error in the console. */
async function openPage(viewport = { width: 1_280, height: 900 }): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport })
  const complaints: string[] = []
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(run.url) && !url.startsWith('data:')) complaints.push(`asked for ${url}`)
  })
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(run.url)
  return { page, complaints }
}

describe.skipIf(executablePath === undefined)('the playground in Chromium', () => {
  beforeAll(async () => {
    kafka = await TestKafka.connect(inject('stack').brokers)
    const topics = await kafka.createTopics()
    run = await runFacade({ ...topics.environment, VALENCE_HTTP_KAFKA_ENABLED: 'true' })
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] })
    await new ProcessorProcess(topics.environment).started()
  })
  afterAll(async () => {
    await browser?.close()
    await run?.[Symbol.asyncDispose]()
    await killAllProcessors()
    await kafka?.close()
  })

  it('scores a text, many lines, and shows the stream', async () => {
    const { page, complaints } = await openPage()
    await page.getByLabel('Text', { exact: true }).fill('I absolutely love this little museum')
    await page.getByRole('button', { name: 'Score', exact: true }).click()
    await page.locator('#one-result .verdict').waitFor()
    expect(await page.locator('#one-result').textContent()).toMatch(/positive[\s\S]*valence 0\.\d+ · \d+ tokens/)

    await page.getByRole('button', { name: 'Score all' }).click()
    await page.locator('#many-result tbody tr').nth(5).waitFor()
    expect(await page.locator('#many-result tbody tr').first().textContent()).toMatch(
      /^I love this phonepositive0\.\d+/,
    )
    expect(await page.locator('#many-result svg').getAttribute('aria-label')).toMatch(/\d positive.*\d negative/)

    await expect.poll(async () => (await run.readiness()).checks['kafka-stream'], { timeout: 20_000 }).toBe('ok')
    await page.getByRole('button', { name: 'Start' }).click()
    await expect.poll(() => page.locator('#live-state').textContent()).toBe('Connected.')
    for (const text of ['lovely', 'awful', 'Tuesday']) await run.post('/v1/texts', { id: `live-${text}`, text })
    await expect.poll(() => page.locator('#seen').textContent(), { timeout: 20_000 }).toBe('3')
    await expect.poll(() => page.locator('#delay').textContent(), { timeout: 10_000 }).toMatch(/ms$/)
    await expect.poll(() => page.locator('#lag').textContent(), { timeout: 10_000 }).toBe('0')
    expect(await page.locator('#live-events li').allTextContents()).toContainEqual(expect.stringMatching(/live-awful/))
    if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true })
    await page.getByRole('button', { name: 'Stop' }).click()
    await expect.poll(() => run.metric('valence_http_streams')).toBe(0)
    expect(complaints).toEqual([])
  })

  it('says what is wrong in words', async () => {
    const { page } = await openPage()
    await page.getByLabel('Text', { exact: true }).fill('   ')
    await page.getByRole('button', { name: 'Score', exact: true }).click()
    await expect.poll(() => page.getByRole('alert').textContent()).toMatch(/does not match its schema/)
  })

  it('shows a text as text, whatever is in it', async () => {
    const { page, complaints } = await openPage()
    const hostile = '<img src=x onerror=alert(1)>'
    await page.getByLabel('One text a line').fill(`what a great day\n${hostile}`)
    await page.getByRole('button', { name: 'Score all' }).click()
    await page.locator('#many-result tbody tr').nth(1).waitFor()
    const cells = page.locator('#many-result tbody tr td:first-child')
    expect(await cells.allTextContents()).toEqual(['what a great day', hostile])
    expect(complaints).toEqual([])
  })

  it('fits a phone', async () => {
    const { page, complaints } = await openPage({ width: 360, height: 740 })
    await page.getByRole('button', { name: 'Score all' }).click()
    await page.locator('#many-result tbody tr').first().waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    expect(complaints).toEqual([])
  })

  it.each(['light', 'dark'] as const)('has no fault that axe knows, in %s', async (colorScheme) => {
    const { page } = await openPage()
    await page.emulateMedia({ colorScheme })
    await page.getByRole('button', { name: 'Score', exact: true }).click()
    await page.getByRole('button', { name: 'Score all' }).click()
    await page.locator('#many-result tbody tr').first().waitFor()
    await page.locator('#one-result .verdict').waitFor()
    await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'))
    const { violations } = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: unknown[] }[] }
    expect(violations.map(({ id, nodes }) => [id, JSON.stringify(nodes).slice(0, 400)])).toEqual([])
  })
})
