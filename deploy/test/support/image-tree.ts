import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { type CopyInstruction, finalStage, readDockerfile, stageNamed } from './dockerfile.ts'
import { repositoryRoot } from './repository.ts'

const imageRoot = '/opt/valence'

/** What the build stage deletes from what the compiler wrote. */
const undelivered = /(\.d\.ts|\.map|\.tsbuildinfo)$/

/** A target that ends in a slash, or is `./`, is a folder to copy a file into; a folder gives its content. */
async function copy({ sources, target }: CopyInstruction, from: string, root: string): Promise<void> {
  for (const source of sources) {
    const path = join(from, source)
    if (!existsSync(path)) throw new Error(`${source} is missing; \`make build\` writes the dist folders`)
    const isFolder = (await readdir(path).catch(() => undefined)) !== undefined
    const into = isFolder || !target.endsWith('/') ? join(root, target) : join(root, target, basename(source))
    await mkdir(dirname(into), { recursive: true })
    await cp(path, into, { recursive: true, filter: (file) => !undelivered.test(file) })
  }
}

/** Links to every package that `npm ci --omit=dev` installs, and to the workspaces of the image itself. */
async function linkDependencies(root: string): Promise<void> {
  const { stdout } = await promisify(execFile)('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: repositoryRoot,
    maxBuffer: 16 * 1024 * 1024,
  })
  const installed = stdout
    .split('\n')
    .map((path) => relative(repositoryRoot, path))
    .filter((path) => path.startsWith('node_modules/') && path.split('node_modules/').length === 2)
  for (const path of installed) {
    // npm links the workspaces, and those of the image are in the image.
    const target = path.startsWith('node_modules/@valence/') ? join(root, basename(path)) : join(repositoryRoot, path)
    await mkdir(dirname(join(root, path)), { recursive: true })
    await symlink(target, join(root, path))
  }
}

/**
 * Lays out in `root` what the image has in /opt/valence, from the COPY instructions of the Dockerfile. What its stages
 * would build and install is taken from this clone: the `dist` folders, and links to the packages.
 */
export async function layOutImage(root: string): Promise<void> {
  const stages = readDockerfile()
  for (const instruction of finalStage(stages).copies) {
    if (instruction.from === 'dependencies') {
      for (const manifest of stageNamed(stages, 'manifests').copies) await copy(manifest, repositoryRoot, root)
      await linkDependencies(root)
      continue
    }
    const sources = instruction.sources.map((source) => (source.startsWith('/') ? relative(imageRoot, source) : source))
    await copy({ ...instruction, sources }, repositoryRoot, root)
  }
}
