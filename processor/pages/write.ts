/** `make pages`: writes the files of `writtenFiles` anew and names those that changed. */
import { writeAnew } from './written-file.ts'
import { writtenFiles } from './written-files.ts'

for (const path of await writeAnew(writtenFiles)) process.stdout.write(`${path} is written anew\n`)
