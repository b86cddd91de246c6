/** Wants a folder of the cache whose filling takes a while; each filling leaves a line in the journal. */
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cachedFolder } from '../../local/package-cache.ts'

const [cache = '', journal = ''] = process.argv.slice(2)
const folder = await cachedFolder(
  'thing-1.0',
  async (target) => {
    await appendFile(journal, 'filled\n')
    await writeFile(join(target, 'first'), '1')
    await delay(300)
    await writeFile(join(target, 'second'), '2')
  },
  cache,
)
process.stdout.write(folder)
