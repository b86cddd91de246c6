/** What the simulated cluster is made of. Where a figure was measured, the page it is on is named. */
export const calibration = {
  /** Texts per second of one replica with two cores: docs/lab/benchmarks.md, the processor's median. */
  capacity: 1_089,
  /** A record is in work for about this long even when nothing waits: fetch, batch, transaction. Assumed. */
  inFlightSeconds: 0.3,
  /** A node and the image are there; the kubelet and the first ready probe. Assumed. */
  scheduleSeconds: 12,
  /** `valence process` from its start to the first assignment. Assumed. */
  startSeconds: 6,
  /** Starts differ by as much as this. Assumed. */
  startJitterSeconds: 4,
  /** The group stands still when a member comes or goes. Assumed. */
  rebalanceSeconds: 4,
  /** Until the coordinator notices that a killed member is gone: VALENCE_KAFKA_SESSION_TIMEOUT_MS. */
  sessionSeconds: 10,
  /** How often the autoscaler of Kubernetes looks: its default. */
  syncSeconds: 15,
  /** A text is to be scored within this long: VALENCE_SCALING_TARGET_MS. */
  targetSeconds: 60,
} as const
