import type { ErrorRow } from './error-row.ts'

/** Configuration, files, ports, and the parts beside Kafka. */
export const serviceErrors = {
  VAL_CONFIG_INVALID: {
    message: 'The configuration is not valid',
    help: 'Correct the listed settings; docs/configuration.md describes each one.',
    exit: 2,
  },
  VAL_USAGE_INVALID: {
    message: 'The command line is not valid',
    help: 'Run the command with --help for an example.',
    exit: 2,
  },
  VAL_FILE_UNREADABLE: { message: 'A file cannot be read', help: 'Check the path and its permissions.', exit: 2 },
  VAL_PORT_UNAVAILABLE: {
    message: 'A port cannot be bound',
    help: 'Free the port or choose another one (0: the system chooses).',
  },

  VAL_REDIS_UNAVAILABLE: {
    message: 'Redis does not answer',
    help: 'Scores are computed without the shared cache until Redis answers again.',
    http: 503,
    retryable: true,
  },
  VAL_BACKUP_UNAVAILABLE: {
    message: 'The place of the backup cannot be read or written',
    help: 'Check the folder or bucket, its permissions and AWS_*.',
    retryable: true,
  },
  VAL_BACKUP_INVALID: {
    message: 'The backup cannot be restored',
    help: 'See the detail; docs/operations.md describes what a restore needs.',
  },
  VAL_BACKUP_TOPIC_REPLACED: {
    message: 'A topic was deleted and created again while its records were read',
    help: 'Run the backup again; for this topic the previous backup is kept.',
  },
  VAL_SHUTDOWN_TIMED_OUT: {
    message: 'The drain did not finish within the deadline',
    help: 'Unfinished transactions are aborted and their records are read again; no record is lost.',
  },
} as const satisfies Record<string, ErrorRow>
