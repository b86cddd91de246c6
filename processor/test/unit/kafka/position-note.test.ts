import type { CommittedOffset } from '@valence/producer-sdk/kafka'
import { describe, expect, it } from 'vitest'
import { partitionsFound, readNote, writeNote } from '../../../src/kafka/position-note.ts'

describe('the note beside an offset', () => {
  it.each([
    { topicId: 'id', found: 6 },
    { topicId: 'id', found: 0 },
    { topicId: undefined, found: 6 },
    { topicId: 'id', found: undefined },
    { topicId: undefined, found: undefined },
    { topicId: 'id', found: 6, lineProgress: { lines: 4n, refused: 2, isFinished: true } },
    { topicId: undefined, found: undefined, lineProgress: { lines: 4n, refused: 0, isFinished: false } },
  ])('is read as it was written: %o', (note) => {
    expect(readNote(writeNote(note, 'here'), 'here')).toEqual(note)
  })

  it('keeps the form that earlier versions read', () => {
    expect(writeNote({ topicId: 'id', found: 6 }, 'here').split('@').slice(0, 2)).toEqual(['topic-id=id', 'here'])
  })

  it.each([
    ['of this cluster', 'topic-id=old@here', { topicId: 'old', found: undefined }],
    ['of the first version', 'topic-id=old', { topicId: 'old', found: undefined }],
    ['that a mirror brought from another', 'topic-id=old@there@found=3', { topicId: undefined, found: undefined }],
    [
      'of a job that a mirror brought from another',
      'topic-id=old@there@found=3@lines=4@refused=0@finished',
      { topicId: undefined, found: undefined, lineProgress: { lines: 4n, refused: 0, isFinished: true } },
    ],
    ['of a tool', 'done by hand', { topicId: undefined, found: undefined }],
    ['with a count that is none', 'topic-id=old@here@found=many', { topicId: 'old', found: undefined }],
    ['that is empty', '', { topicId: undefined, found: undefined }],
    ['that is null', null, { topicId: undefined, found: undefined }],
  ])('%s is read as far as it says something', (_, metadata, note) => {
    expect(readNote(metadata, 'here')).toEqual(note)
  })
})

describe('the partitions that a group found', () => {
  const topic = { id: 'id', partitions: 8 }
  const positions = (...notes: (string | undefined)[]): Map<number, CommittedOffset> =>
    new Map(notes.flatMap((metadata, at) => (metadata === undefined ? [] : [[at, { offset: 3n, metadata }] as const])))

  it.each([
    ['all there are where the group has read nothing of the topic', positions(), 8],
    ['those there were when it began', positions('topic-id=id@here@found=6'), 6],
    ['the fewest where members disagree', positions('topic-id=id@here@found=7', 'topic-id=id@here@found=6'), 6],
    ['those of others where one says nothing', positions('', 'topic-id=id@here@found=2'), 2],
    ['as far as it had come where no position says', positions('', '', undefined, ''), 4],
    ['none where the topic was created again', positions('topic-id=old@here@found=6', 'topic-id=old@here@found=6'), 0],
    ['none where others have noticed that it was', positions('topic-id=id@here@found=0'), 0],
  ])('are %s', (_, committed, found) => {
    expect(partitionsFound(committed, topic, 'here')).toBe(found)
  })
})
