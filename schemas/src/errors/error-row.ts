/**
 * The error catalogue: each code once, with what it means, what to do, and the flags that decide how it is handled.
 * Codes appear on the wire (dead-letter headers, HTTP problems, exit messages); a code once released is never reused.
 *
 * `http`: status of the problem document, where the error can reach an HTTP caller.
 * `retryable`: the system is at fault and the same input may succeed later; never dead-lettered.
 * `deadLetter`: the record is at fault for good; it goes to the dead-letter topic.
 * `partition`: what a partition does that meets it in a transaction. `isolate`: one record is refused, it is singled out.
 *   `halt`: nothing passes it; it is tried again after long pauses, since somebody may mend what is in its way. `fatal`:
 *   only a new process can go on. Without it the partition is taken again after a short pause.
 * `engine`: the engine failed, whatever text it was given.
 * `grantable`: a person may correct or grant it while the process waits.
 * `refetch`: a stored file is gone or damaged; it is fetched again before its release is refused.
 * `scope`: how far it reaches. `topic`: the topic that it names; others may well work. `cluster`: whatever is asked next.
 * `exit`: exit code of a command, 1 if left out.
 */
export interface ErrorRow {
  readonly message: string
  readonly help: string
  readonly http?: 400 | 401 | 403 | 404 | 405 | 406 | 408 | 409 | 413 | 415 | 422 | 429 | 431 | 500 | 503 | 504
  readonly retryable?: true
  readonly deadLetter?: true
  readonly partition?: 'isolate' | 'halt' | 'fatal'
  readonly engine?: true
  readonly grantable?: true
  readonly refetch?: true
  readonly scope?: 'topic' | 'cluster'
  readonly exit?: 2
}
