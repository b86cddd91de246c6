/** The container images of the stack, the same as in `docker-compose.yml`. */
export const images = {
  kafka: (version: string) => `apache/kafka:${version}`,
  registry: 'apicurio/apicurio-registry:3.3.3',
  redis: 'redis:7.4.2-alpine',
} as const
