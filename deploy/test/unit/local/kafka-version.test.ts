import { afterEach, expect, test, vi } from 'vitest'
import { defaultKafkaVersion, kafkaVersionOf, withoutKafka } from '../../../local/kafka-version.ts'

afterEach(() => void vi.unstubAllEnvs())

test('the caller decides, then the environment, then the tested default', () => {
  vi.stubEnv('VALENCE_LOCAL_KAFKA_VERSION', '')
  expect(kafkaVersionOf({})).toBe(defaultKafkaVersion)
  vi.stubEnv('VALENCE_LOCAL_KAFKA_VERSION', '3.9.1')
  expect(kafkaVersionOf({})).toBe('3.9.1')
  expect(kafkaVersionOf({ kafkaVersion: '4.0.0' })).toBe('4.0.0')
})

test('a stack without Kafka has no broker to kill', async () => {
  expect(withoutKafka.brokers).toEqual([])
  await expect(withoutKafka.kill(0)).rejects.toThrow('started without Kafka')
  await expect(withoutKafka.restart(0)).rejects.toThrow('started without Kafka')
  await withoutKafka.stop()
})
