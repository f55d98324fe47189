-- The log lines, read once, and the case study's table with the table of malformed lines.
--
-- statements.py replaces each ${marker} by a literal or an option, for each job. A semicolon at the end of a line ends a
-- statement. All INSERTs of this directory run as one Flink job.

-- One row per record of the topic. The format is in ../format; in a malformed row all its columns but `malformed` are NULL.
CREATE TABLE access_log (
  event_time TIMESTAMP(3),
  request_ms BIGINT,
  status INT,
  body_bytes BIGINT,
  path STRING,
  client STRING,
  agent STRING,
  malformed STRING,
  kafka_time TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL,
  -- A line without a time of its own belongs to the window in which Kafka received it.
  log_time AS COALESCE(event_time, CAST(kafka_time AS TIMESTAMP(3))),
  -- Only a line's own time advances the watermark, never beyond Kafka's: a line dated in the future closes no window.
  WATERMARK FOR log_time AS CASE WHEN event_time > CAST(kafka_time AS TIMESTAMP(3))
    THEN CAST(kafka_time AS TIMESTAMP(3)) ELSE event_time END - ${watermark_delay}
) WITH (
  'connector' = 'kafka',
  'topic' = ${topic},
  'properties.bootstrap.servers' = ${bootstrap_servers},
  'properties.group.id' = ${consumer_group},
  ${kafka_client_properties}
  'scan.startup.mode' = 'timestamp',
  'scan.startup.timestamp-millis' = ${kafka_since_ms},
  'format' = 'access-log',
  'access-log.log-format' = ${log_format}
);

-- All requests but the heartbeat's. at_least_ms is the lower bound of a bucket of request times: each ms has its own
-- below 64 ms, above it each power of two has 32. Everything from 2^22 ms (70 minutes) on is one bucket.
CREATE VIEW requests AS
SELECT
  log_time,
  request_ms,
  CASE
    WHEN request_ms < 64 THEN request_ms
    WHEN request_ms < 128 THEN request_ms - MOD(request_ms, 2)
    WHEN request_ms < 256 THEN request_ms - MOD(request_ms, 4)
    WHEN request_ms < 512 THEN request_ms - MOD(request_ms, 8)
    WHEN request_ms < 1024 THEN request_ms - MOD(request_ms, 16)
    WHEN request_ms < 2048 THEN request_ms - MOD(request_ms, 32)
    WHEN request_ms < 4096 THEN request_ms - MOD(request_ms, 64)
    WHEN request_ms < 8192 THEN request_ms - MOD(request_ms, 128)
    WHEN request_ms < 16384 THEN request_ms - MOD(request_ms, 256)
    WHEN request_ms < 32768 THEN request_ms - MOD(request_ms, 512)
    WHEN request_ms < 65536 THEN request_ms - MOD(request_ms, 1024)
    WHEN request_ms < 131072 THEN request_ms - MOD(request_ms, 2048)
    WHEN request_ms < 262144 THEN request_ms - MOD(request_ms, 4096)
    WHEN request_ms < 524288 THEN request_ms - MOD(request_ms, 8192)
    WHEN request_ms < 1048576 THEN request_ms - MOD(request_ms, 16384)
    WHEN request_ms < 2097152 THEN request_ms - MOD(request_ms, 32768)
    WHEN request_ms < 4194304 THEN request_ms - MOD(request_ms, 65536)
    ELSE 4194304
  END AS at_least_ms,
  status,
  body_bytes,
  path,
  client,
  agent
FROM access_log
WHERE event_time >= ${since} AND agent <> ${heartbeat_user_agent};

-- One row per window, status and bucket, from which both the statistics and the status rows are made.
-- The squares are exact: BIGINT has room for eight million of the requests under 2^20 ms (17 minutes), DECIMAL for the rest.
CREATE VIEW request_times AS
SELECT
  window_start,
  window_end,
  status,
  at_least_ms,
  COUNT(*) AS request_count,
  SUM(body_bytes) AS total_bytes,
  MIN(request_ms) AS min_ms,
  MAX(request_ms) AS max_ms,
  SUM(request_ms) AS total_ms,
  -- CASE, not FILTER, which would compute both squares of every line.
  SUM(CASE WHEN request_ms < 1048576 THEN request_ms * request_ms END) AS squares,
  SUM(CASE WHEN request_ms >= 1048576 THEN CAST(request_ms AS DECIMAL(12, 0)) * CAST(request_ms AS DECIMAL(12, 0)) END)
    AS large_squares
FROM TABLE(TUMBLE(TABLE requests, DESCRIPTOR(log_time), ${window}))
GROUP BY window_start, window_end, status, at_least_ms;

CREATE VIEW request_windows AS
SELECT
  window_start,
  window_end,
  SUM(request_count) AS n,
  MIN(min_ms) AS min_x,
  MAX(max_ms) AS max_x,
  CAST(SUM(total_ms) AS DECIMAL(38, 0)) AS sum_x,
  SUM(CAST(COALESCE(squares, 0) AS DECIMAL(38, 0)) + COALESCE(large_squares, 0)) AS sum_xx
FROM request_times
GROUP BY window_start, window_end;

CREATE TABLE statistics (
  start_timestamp TIMESTAMP(3) NOT NULL,
  end_timestamp TIMESTAMP(3) NOT NULL,
  request_count INT NOT NULL,
  min_request_time DOUBLE NOT NULL,
  max_request_time DOUBLE NOT NULL,
  mean_request_time DOUBLE NOT NULL,
  std_dev_request_time DOUBLE NOT NULL,
  -- What is unique in PostgreSQL: with it the sink writes upserts, and a window written twice is one row.
  PRIMARY KEY (start_timestamp, end_timestamp) NOT ENFORCED
) WITH ('table-name' = ${table}, ${database});

INSERT INTO statistics
SELECT
  window_start,
  window_end,
  CAST(n AS INT),
  CAST(min_x AS DOUBLE),
  CAST(max_x AS DOUBLE),
  CAST(sum_x AS DOUBLE) / n,
  -- Exact integers below the root, so that it is never the root of a negative number.
  SQRT(CAST(n * sum_xx - sum_x * sum_x AS DOUBLE)) / n
FROM request_windows;

CREATE VIEW malformed_records AS
SELECT log_time, malformed
FROM access_log
WHERE malformed IS NOT NULL AND log_time >= ${since};

CREATE TABLE malformed_lines (
  start_timestamp TIMESTAMP(3) NOT NULL,
  end_timestamp TIMESTAMP(3) NOT NULL,
  line_count INT NOT NULL,
  sample STRING NOT NULL,
  PRIMARY KEY (start_timestamp, end_timestamp) NOT ENFORCED
) WITH ('table-name' = ${malformed_table}, ${database});

INSERT INTO malformed_lines
SELECT window_start, window_end, CAST(COUNT(*) AS INT), MIN(malformed)
FROM TABLE(TUMBLE(TABLE malformed_records, DESCRIPTOR(log_time), ${window}))
GROUP BY window_start, window_end;
