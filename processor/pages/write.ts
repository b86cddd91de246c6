/** `make pages`: writes the files of `writtenFiles` anew and names those that changed. */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { writtenFiles } from './written-files.ts'

for (const { path, text } of writtenFiles) {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url))
  const current = await readFile(file, 'utf8')
  const next = await text(current)
  if (next === current) continue
  await writeFile(file, next)
  process.stdout.write(`${path} is written anew\n`)
}
