import type { ErrorRow } from './error-row.ts'

/** The HTTP facade: requests, limits, authentication, streaming. */
export const httpErrors = {
  VAL_HTTP_MALFORMED: {
    message: 'The request is not well-formed HTTP',
    help: 'Check the request line, the headers and the encoding of the URL.',
    http: 400,
  },
  VAL_HTTP_BODY_INVALID: {
    message: 'The body is not valid JSON',
    help: 'Send one JSON document in UTF-8 with content-type application/json.',
    http: 400,
  },
  VAL_HTTP_REQUEST_INVALID: {
    message: 'The request does not match its schema',
    help: 'The detail names the field; /docs describes every request.',
    http: 422,
  },
  VAL_HTTP_NOT_FOUND: {
    message: 'There is nothing at this path',
    help: 'See /docs for the routes.',
    http: 404,
  },
  VAL_HTTP_METHOD_NOT_ALLOWED: {
    message: 'The path does not answer this method',
    help: 'The Allow header lists the methods that do.',
    http: 405,
  },
  VAL_HTTP_REQUEST_TIMED_OUT: {
    message: 'The request did not arrive in time',
    help: 'Send the headers and the body without pauses.',
    http: 408,
  },
  VAL_HTTP_BODY_TOO_LARGE: {
    message: 'The body is larger than the limit',
    help: 'Send fewer or shorter texts in one request.',
    http: 413,
  },
  VAL_HTTP_MEDIA_TYPE_UNSUPPORTED: {
    message: 'The content type of the body is not supported',
    help: 'Send content-type application/json.',
    http: 415,
  },
  VAL_HTTP_HEADERS_TOO_LARGE: {
    message: 'The headers are larger than the limit',
    help: 'Send fewer or shorter headers.',
    http: 431,
  },
  VAL_HTTP_OVERLOADED: {
    message: 'More texts are in work than can be answered in time',
    help: 'Retry after the time in Retry-After, or add replicas.',
    http: 503,
    retryable: true,
  },
  VAL_HTTP_RATE_LIMITED: {
    message: 'The rate limit is used up',
    help: 'Retry after the time in Retry-After.',
    http: 429,
    retryable: true,
  },
  VAL_HTTP_INTERNAL: {
    message: 'The request failed for a reason that is our fault',
    help: 'Report the request id; the log of the server has the cause under this id.',
    http: 500,
  },
  VAL_MODEL_UNKNOWN: {
    message: 'No model of this name and version is served here',
    help: 'The active model is at /v2/models/{name}; its name is in every scored event.',
    http: 404,
  },
  VAL_AUTH_MISSING: {
    message: 'The request carries no credentials',
    help: 'Send Authorization: Bearer with a token, or x-api-key, as the server is configured.',
    http: 401,
  },
  VAL_AUTH_TOKEN_MALFORMED: {
    message: 'The token is not a JWT that can be read',
    help: 'Send the access token as the identity provider issued it.',
    http: 401,
  },
  VAL_AUTH_ALGORITHM_REFUSED: {
    message: 'The token is not signed with an accepted algorithm',
    help: 'Sign with RS256, ES256 or EdDSA; unsigned and symmetric tokens are refused.',
    http: 401,
  },
  VAL_AUTH_KEY_UNKNOWN: {
    message: 'The token is signed with a key that is not in the key set',
    help: 'Check VALENCE_AUTH_JWKS_URL and the kid of the token.',
    http: 401,
  },
  VAL_AUTH_SIGNATURE_INVALID: {
    message: 'The signature of the token does not verify',
    help: 'The token was modified, or signed with another key; get a new one.',
    http: 401,
  },
  VAL_AUTH_TOKEN_EXPIRED: {
    message: 'The token has expired',
    help: 'Get a new token.',
    http: 401,
  },
  VAL_AUTH_TOKEN_NOT_YET_VALID: {
    message: 'The token is not valid yet',
    help: 'Check the clocks of the issuer and of this server.',
    http: 401,
  },
  VAL_AUTH_ISSUER_REFUSED: {
    message: 'The token comes from another issuer',
    help: 'Get a token from the issuer in VALENCE_AUTH_ISSUER.',
    http: 401,
  },
  VAL_AUTH_AUDIENCE_REFUSED: {
    message: 'The token is meant for another audience',
    help: 'Request the audience in VALENCE_AUTH_AUDIENCE from the issuer.',
    http: 401,
  },
  VAL_AUTH_CLAIMS_INVALID: {
    message: 'The claims of the token are not the ones that are required',
    help: 'The token needs sub and exp.',
    http: 401,
  },
  VAL_AUTH_REVOKED: {
    message: 'The credentials were revoked',
    help: 'Get new credentials.',
    http: 401,
  },
  VAL_AUTH_API_KEY_INVALID: {
    message: 'The API key is not known',
    help: 'Check the key; it may have been removed from VALENCE_AUTH_API_KEYS_FILE.',
    http: 401,
  },
  VAL_AUTH_SCOPE_MISSING: {
    message: 'The credentials do not carry the scope that this needs',
    help: 'Use credentials with the scope named in the detail.',
    http: 403,
  },
  VAL_AUTH_KEYS_UNAVAILABLE: {
    message: 'The key set of the issuer cannot be fetched and none is cached',
    help: 'Check VALENCE_AUTH_JWKS_URL; tokens are verified again when it answers.',
    http: 503,
    retryable: true,
  },
  VAL_STREAM_UNAVAILABLE: {
    message: 'Scored events cannot be streamed now',
    help: 'The server runs without Kafka, or Kafka is unavailable; scoring is not affected.',
    http: 503,
    retryable: true,
  },
  VAL_STREAM_FULL: {
    message: 'No more streams are accepted',
    help: 'Retry after the time in Retry-After, or raise VALENCE_HTTP_MAX_STREAMS.',
    http: 503,
    retryable: true,
  },
  VAL_INTAKE_UNAVAILABLE: {
    message: 'Texts cannot be produced to Kafka now',
    help: 'The server runs without Kafka, or Kafka is unavailable; POST /v1/score is not affected.',
    http: 503,
    retryable: true,
  },
  VAL_IDEMPOTENCY_KEY_REUSED: {
    message: 'The idempotency key was used for another request',
    help: 'Use a new key for a new request.',
    http: 409,
  },
  VAL_CLIENT_UNREACHABLE: {
    message: 'The facade does not answer',
    help: 'Check baseUrl and the network, then retry.',
    retryable: true,
  },
  VAL_CLIENT_TIMED_OUT: {
    message: 'The call took longer than timeoutMs',
    help: 'Raise timeoutMs or lower the load.',
    retryable: true,
  },
  VAL_CLIENT_ANSWER_INVALID: {
    message: 'The answer is not one of the facade',
    help: 'A proxy or another server answered; check baseUrl and proxies.',
  },
} as const satisfies Record<string, ErrorRow>
