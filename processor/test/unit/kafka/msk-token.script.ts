import { readConfig } from '../../../src/config/config.ts'
import { saslOptions } from '../../../src/kafka/sasl.ts'

// In a process of its own: a test runner resolves the AWS SDK for bundlers.
const sasl = saslOptions(
  readConfig({
    VALENCE_KAFKA_SASL_MECHANISM: 'aws-msk-iam',
    VALENCE_KAFKA_SASL_AWS_REGION: JSON.parse(process.argv[2] as string).region,
    VALENCE_KAFKA_TLS_ENABLED: 'true',
  }),
)
const { value } = await (sasl as unknown as { oauthBearerProvider(): Promise<{ value: string }> }).oauthBearerProvider()
process.stdout.write(JSON.stringify(value))
