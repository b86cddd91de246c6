import { type FileFormat, type InputContext, type InputFile, openInput, readItems } from './input-file.ts'
import type { TextItem } from './text-line.ts'

export interface GivenTexts {
  readonly items: AsyncIterator<readonly TextItem[]>
  /** Undefined if the size is unknown. */
  readonly totalBytes: number | undefined
}

/** Texts from arguments; each is numbered as one line. */
export function givenTexts(texts: readonly string[]): GivenTexts {
  return { items: argumentItems(texts), totalBytes: undefined }
}

/** The texts of a file; `-` is standard input. @throws VAL_FILE_UNREADABLE */
export async function fileTexts(path: string, format: FileFormat, context: InputContext): Promise<GivenTexts> {
  const file: InputFile = await openInput(path, context)
  return { items: readItems(path, file, format), totalBytes: file.totalBytes }
}

async function* argumentItems(texts: readonly string[]): AsyncGenerator<readonly TextItem[]> {
  yield texts.map((text, index) => ({ line: index + 1, end: 0, fields: { text } }))
}
