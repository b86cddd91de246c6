import { type Copy, DockerfileParser } from 'dockerfile-ast'
import { readRepositoryFile } from './repository.ts'

export interface Instruction {
  readonly keyword: string
  /** Without flags; of a JSON form, its items. */
  readonly arguments: readonly string[]
}

export interface CopyInstruction {
  /** Stage it copies from; undefined: the build context. */
  readonly from: string | undefined
  readonly sources: readonly string[]
  readonly target: string
}

export interface Stage {
  readonly image: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
  readonly copies: readonly CopyInstruction[]
}

function unquote(text: string): string {
  return text.replace(/^"(.*)"$/s, '$1')
}

/** The stages of `deploy/docker/Dockerfile`, in order. */
export function readDockerfile(): Stage[] {
  const stages: { image: string; name: string | undefined; instructions: Instruction[]; copies: CopyInstruction[] }[] =
    []
  for (const instruction of DockerfileParser.parse(readRepositoryFile('deploy/docker/Dockerfile')).getInstructions()) {
    const keyword = instruction.getKeyword()
    const words = instruction.getArguments().map((argument) => argument.getValue())
    if (keyword === 'FROM') {
      const [image = '', , name] = words
      stages.push({ image, name, instructions: [], copies: [] })
      continue
    }
    const stage = stages.at(-1)
    if (stage === undefined) continue
    const json = /\[.*\]\s*$/s.exec(instruction.getRawArgumentsContent() ?? '')?.[0]
    stage.instructions.push({ keyword, arguments: json ? (JSON.parse(json) as string[]) : words.map(unquote) })
    if (keyword === 'COPY') {
      const from = (instruction as Copy).getFromFlag()?.getValue() ?? undefined
      const paths = words.filter((word) => !word.startsWith('--'))
      stage.copies.push({ from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' })
    }
  }
  return stages
}

export function stageNamed(stages: readonly Stage[], name: string): Stage {
  const stage = stages.find((candidate) => candidate.name === name)
  if (stage === undefined) throw new Error(`the Dockerfile has no stage ${name}`)
  return stage
}

/** What a stage removes by an instruction `RUN rm -r …`. */
export function removedIn({ instructions }: Stage): string[] {
  return instructions
    .filter(({ keyword, arguments: [command] }) => keyword === 'RUN' && command === 'rm')
    .flatMap(({ arguments: [, ...words] }) => words.filter((word) => !word.startsWith('-')))
}

/** The stage that becomes the image. */
export function finalStage(stages: readonly Stage[]): Stage {
  const stage = stages.at(-1)
  if (stage === undefined) throw new Error('the Dockerfile is empty')
  return stage
}
