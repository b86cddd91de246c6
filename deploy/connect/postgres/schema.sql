-- Scored events for queries. Partitioned by the time of the result's record, a partition a day, so that old ones are dropped
-- instead of deleted. Kafka Connect delivers at least once: the same record comes again under the same id and time, and is
-- updated in place.
CREATE TABLE IF NOT EXISTS scores (
  id               text             NOT NULL,
  recorded_at      timestamptz      NOT NULL,
  occurred_at      timestamptz,
  scored_at        timestamptz      NOT NULL,
  source           text,
  lang             text,
  label            text             NOT NULL,
  valence          double precision NOT NULL CHECK (valence BETWEEN -1 AND 1),
  tokens           integer          NOT NULL,
  truncated        boolean          NOT NULL,
  model_name       text             NOT NULL,
  model_version    text             NOT NULL,
  model_sha256     text             NOT NULL,
  origin_topic     text             NOT NULL,
  origin_partition integer          NOT NULL,
  origin_offset    text             NOT NULL,
  PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);

-- "How did it change": by source and label over time. "What became of": by id is the primary key.
CREATE INDEX IF NOT EXISTS scores_source_time ON scores (source, recorded_at DESC) INCLUDE (label, valence);
CREATE INDEX IF NOT EXISTS scores_label_time ON scores (label, recorded_at DESC);

-- What no partition is there for is kept all the same.
CREATE TABLE IF NOT EXISTS scores_other PARTITION OF scores DEFAULT;

-- Run once a day, as by pg_cron or a CronJob: makes partitions for the coming days and drops those that are too old.
CREATE OR REPLACE PROCEDURE keep_score_partitions(days_ahead integer DEFAULT 7, keep_days integer DEFAULT 90)
LANGUAGE plpgsql AS $$
DECLARE
  day date;
  old record;
BEGIN
  FOR day IN SELECT generate_series(current_date, current_date + days_ahead, interval '1 day')::date LOOP
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF scores FOR VALUES FROM (%L) TO (%L)',
      'scores_' || to_char(day, 'YYYYMMDD'), day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
  END LOOP;
  FOR old IN SELECT inhrelid::regclass AS name FROM pg_inherits WHERE inhparent = 'scores'::regclass
    AND inhrelid::regclass::text ~ '^scores_\d{8}$'
    AND to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD') < current_date - keep_days LOOP
    EXECUTE format('DROP TABLE %s', old.name);
  END LOOP;
END $$;

CALL keep_score_partitions();
