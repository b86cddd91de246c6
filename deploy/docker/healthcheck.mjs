// Health of the container, asked from inside: node is there, curl is not.
// usage: node healthcheck.mjs [/livez | /readyz], on the admin port
const path = process.argv[2] ?? '/livez'
const port = process.env.VALENCE_ADMIN_PORT || '9464'

try {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2500) })
  process.stdout.write(`${response.status} ${await response.text()}\n`)
  process.exitCode = response.ok ? 0 : 1
} catch (error) {
  process.stdout.write(`${error.cause?.message ?? error.message}\n`)
  process.exitCode = 1
}
