import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { type CopyInstruction, finalStage, readDockerfile, removedIn, stageNamed } from './dockerfile.ts'
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

const run = promisify(execFile)

/** What the dependencies stage deletes: of no use at run time, and what is for other platforms. */
const prune = `
own="linux/$1"
for platform in node_modules/onnxruntime-node/bin/*/*/*; do
  case "$platform" in */"$own") ;; *) rm -r "$platform" ;; esac
done
find node_modules -type f \\( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \\) \\
  ! -iname 'licen[cs]e*' ! -iname 'notice*' -delete`

/** Every package that `npm ci --omit=dev` installs; links to the workspaces of the image itself. */
async function installDependencies(root: string): Promise<void> {
  const listing = ['ls', '--omit=dev', '--all', '--parseable']
  const { stdout } = await run('npm', listing, { cwd: repositoryRoot, maxBuffer: 16 * 1024 * 1024 })
  const installed = stdout
    .split('\n')
    .map((path) => relative(repositoryRoot, path))
    .filter((path) => path.startsWith('node_modules/') && path.split('node_modules/').length === 2)
  const isWorkspace = (path: string) => path.startsWith('node_modules/@valence/')
  const packages = installed.filter((path) => !isWorkspace(path))
  const copyTo = (...how: string[]) =>
    run('cp', ['--archive', '--parents', ...how, ...packages, root], { cwd: repositoryRoot })
  // Links cost no space, but need both folders on one disk.
  await copyTo('--link').catch(() => copyTo('--force'))
  await run('sh', ['-c', prune, 'sh', process.arch], { cwd: root })
  for (const path of installed.filter(isWorkspace)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await symlink(join(root, basename(path)), join(root, path))
  }
}

/**
 * Lays out in `root` what the image has in /opt/valence, from the COPY instructions of the Dockerfile. What its stages
 * would build and install is taken from this clone: the `dist` folders and the packages.
 */
export async function layOutImage(root: string): Promise<void> {
  const stages = readDockerfile()
  for (const instruction of finalStage(stages).copies) {
    // The program is the Node.js that runs the tests.
    if (instruction.from === 'base') continue
    if (instruction.from === 'dependencies') {
      for (const manifest of stageNamed(stages, 'manifests').copies) await copy(manifest, repositoryRoot, root)
      await installDependencies(root)
      for (const path of removedIn(stageNamed(stages, 'dependencies'))) {
        await rm(join(root, path), { recursive: true, force: true })
      }
      continue
    }
    const sources = instruction.sources.map((source) => (source.startsWith('/') ? relative(imageRoot, source) : source))
    await copy({ ...instruction, sources }, repositoryRoot, root)
  }
}

/** Bytes of all files under a folder, each counted once; what links lead to is not. */
export async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  let bytes = 0
  for (const file of files) bytes += (await stat(file)).size
  return bytes
}
