import type { ErrorRow } from './error-row.ts'

/** Inference, the scoring queue and the model. */
export const engineErrors = {
  VAL_INFERENCE_FAILED: {
    message: 'The model cannot score this text',
    help: 'Report the text with the model version; other texts are not affected.',
    http: 422,
    deadLetter: true,
  },
  VAL_INFERENCE_UNAVAILABLE: {
    message: 'No inference worker is available',
    help: 'The workers are restarting; try again.',
    http: 503,
    retryable: true,
    engine: true,
  },
  VAL_INFERENCE_TIMEOUT: {
    message: 'A batch took longer than the watchdog allows',
    help: 'The worker is replaced and the batch tried again; check the CPU share of the process.',
    http: 503,
    retryable: true,
    engine: true,
  },
  VAL_QUEUE_FULL: {
    message: 'The scoring queue is full',
    help: 'Try again after the time in Retry-After, or add replicas.',
    http: 503,
    retryable: true,
  },
  VAL_DEADLINE_EXCEEDED: {
    message: 'The deadline passed before the text was scored',
    help: 'Raise the timeout-ms header or lower the load.',
    http: 504,
    retryable: true,
  },
  VAL_REQUEST_ABANDONED: {
    message: 'The caller left before the text was scored',
    help: 'Nothing to do; the text was dropped before inference.',
    http: 504,
    retryable: true,
  },

  VAL_MODEL_MISSING: {
    message: 'The model or one of its files is missing',
    help: 'Check VALENCE_MODEL; `valence doctor` lists what was looked for.',
    refetch: true,
  },
  VAL_MODEL_MANIFEST_INVALID: {
    message: 'The model manifest is not valid',
    help: 'Package the model again (`make model`) or correct model.json.',
  },
  VAL_MODEL_CHECKSUM_MISMATCH: {
    message: 'A model file does not match its checksum',
    help: 'The file is damaged or was changed; fetch or package the model again.',
    refetch: true,
  },
  VAL_MODEL_UNUSABLE: {
    message: 'The model loads but cannot be used',
    help: 'The runtime refused the graph, or the tokenizer and graph do not fit together; see the cause.',
  },
  VAL_MODEL_GOLDEN_MISMATCH: {
    message: 'The golden scores of the model differ on this machine',
    help: 'The CPU or runtime computes other results than the manifest states; use the model build for this CPU.',
  },
  VAL_MODEL_URI_REFUSED: {
    message: 'The model lies outside what is allowed',
    help: 'Check VALENCE_MODEL_URI_ALLOW and VALENCE_MODEL_PATH_ALLOW; redirects and symbolic links count too.',
    http: 422,
  },
  VAL_MODEL_PATH_REFUSED: {
    message: 'A file name in the manifest leads out of the folder of the model',
    help: 'Name plain files that lie beside model.json; do not use this manifest, it may be an attack.',
    http: 422,
  },
  VAL_MODEL_SIGNATURE_MISSING: {
    message: 'The model manifest is not signed',
    help: 'Publish model.json.sig beside the manifest, or unset VALENCE_MODEL_PUBLIC_KEY_FILE.',
    http: 422,
  },
  VAL_MODEL_SIGNATURE_INVALID: {
    message: 'The signature of the model manifest does not verify',
    help: 'The manifest was changed or signed with another key than VALENCE_MODEL_PUBLIC_KEY_FILE; do not use it.',
    http: 422,
  },
  VAL_MODEL_TOO_LARGE: {
    message: 'The model is larger than the limit',
    help: 'Raise VALENCE_MODEL_MAX_BYTES if a model of this size is meant.',
    http: 422,
  },
  VAL_MODEL_DOWNLOAD_TRUNCATED: {
    message: 'The download of a model file ended early',
    help: 'It resumes where it ended when it is tried again; check the registry if it keeps happening.',
    http: 503,
    retryable: true,
  },
  VAL_MODEL_REGISTRY_TIMEOUT: {
    message: 'The model registry does not answer in time',
    help: 'Check the registry; VALENCE_MODEL_CONNECT_TIMEOUT_MS, _IDLE_TIMEOUT_MS and _TIMEOUT_MS are the limits.',
    http: 503,
    retryable: true,
  },
  VAL_MODEL_REGISTRY_UNAVAILABLE: {
    message: 'The model registry cannot be reached',
    help: 'Check the URI, the network and the registry; a running model is not affected.',
    http: 503,
    retryable: true,
  },
  VAL_MODEL_REGISTRY_REFUSED: {
    message: 'The model registry refuses the request',
    help: 'Check the credentials and what they may read; the detail has the status.',
    http: 422,
  },
  VAL_MODEL_STORE_FULL: {
    message: 'The disk of the model store is full',
    help: 'Free space or point VALENCE_MODEL_STORE elsewhere; nothing of the unfinished model is used.',
    http: 503,
  },
  VAL_MODEL_STORE_UNAVAILABLE: {
    message: 'The model store cannot be used',
    help: 'Check that VALENCE_MODEL_STORE is a folder that this user may write.',
    http: 503,
  },
  VAL_MODEL_NOT_RELOADABLE: {
    message: 'The model is a folder that is used in place and cannot be swapped',
    help: 'Name its manifest as a file:, https: or s3: URI in VALENCE_MODEL, so that it is copied to the store first.',
    http: 409,
  },
} as const satisfies Record<string, ErrorRow>
