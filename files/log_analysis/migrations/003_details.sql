-- Of all web hosts: what each status did in each window. Counts and histograms may be added up over windows and hosts.
CREATE TABLE IF NOT EXISTS nginx_log_status
(
  host text NOT NULL,
  start_timestamp timestamp with time zone NOT NULL,
  end_timestamp timestamp with time zone NOT NULL,
  status smallint NOT NULL,
  request_count integer NOT NULL,
  body_bytes bigint NOT NULL,
  request_times jsonb NOT NULL,
  PRIMARY KEY (host, start_timestamp, end_timestamp, status)
);
CREATE INDEX IF NOT EXISTS nginx_log_status_end ON nginx_log_status (end_timestamp);
COMMENT ON COLUMN nginx_log_status.request_times IS
  'Requests by the lower bound of their request time''s bucket in ms: {"20": 311, "72": 12}';

-- Of all web hosts: the 20 most frequent paths, clients and user agents of each window.
CREATE TABLE IF NOT EXISTS nginx_log_top
(
  host text NOT NULL,
  start_timestamp timestamp with time zone NOT NULL,
  end_timestamp timestamp with time zone NOT NULL,
  facet text NOT NULL,
  value text NOT NULL,
  place smallint NOT NULL,
  request_count integer NOT NULL,
  error_count integer NOT NULL,
  body_bytes bigint NOT NULL,
  total_request_time bigint NOT NULL,
  max_request_time bigint NOT NULL,
  PRIMARY KEY (host, start_timestamp, end_timestamp, facet, value)
);
CREATE INDEX IF NOT EXISTS nginx_log_top_end ON nginx_log_top (end_timestamp);
COMMENT ON TABLE nginx_log_top IS
  'Summed over windows, a value''s numbers are a lower bound: they lack the windows in which it was not among the first 20';

-- The histograms as rows. A ladder of comparisons is several times faster than a logarithm.
CREATE OR REPLACE VIEW nginx_log_request_times AS
SELECT
  host,
  start_timestamp,
  end_timestamp,
  status,
  at_least_ms,
  CASE
    WHEN at_least_ms < 64 THEN at_least_ms + 1
    WHEN at_least_ms < 128 THEN at_least_ms + 2
    WHEN at_least_ms < 256 THEN at_least_ms + 4
    WHEN at_least_ms < 512 THEN at_least_ms + 8
    WHEN at_least_ms < 1024 THEN at_least_ms + 16
    WHEN at_least_ms < 2048 THEN at_least_ms + 32
    WHEN at_least_ms < 4096 THEN at_least_ms + 64
    WHEN at_least_ms < 8192 THEN at_least_ms + 128
    WHEN at_least_ms < 16384 THEN at_least_ms + 256
    WHEN at_least_ms < 32768 THEN at_least_ms + 512
    WHEN at_least_ms < 65536 THEN at_least_ms + 1024
    WHEN at_least_ms < 131072 THEN at_least_ms + 2048
    WHEN at_least_ms < 262144 THEN at_least_ms + 4096
    WHEN at_least_ms < 524288 THEN at_least_ms + 8192
    WHEN at_least_ms < 1048576 THEN at_least_ms + 16384
    WHEN at_least_ms < 2097152 THEN at_least_ms + 32768
    WHEN at_least_ms < 4194304 THEN at_least_ms + 65536
    -- No upper bound.
  END AS below_ms,
  request_count
FROM (
  SELECT host, start_timestamp, end_timestamp, status, key::integer AS at_least_ms, value::integer AS request_count
  FROM nginx_log_status, jsonb_each_text(request_times)
) AS buckets;

-- Each window's percentiles in ms: the middle of the bucket in which they are, at most 1.6 % off. Of the bucket without an
-- upper bound, its lower bound.
CREATE OR REPLACE VIEW nginx_log_percentiles AS
SELECT
  host,
  start_timestamp,
  end_timestamp,
  total::integer AS request_count,
  min(middle_ms) FILTER (WHERE upto >= 0.50 * total) AS p50_request_time,
  min(middle_ms) FILTER (WHERE upto >= 0.95 * total) AS p95_request_time,
  min(middle_ms) FILTER (WHERE upto >= 0.99 * total) AS p99_request_time
FROM (
  SELECT
    host,
    start_timestamp,
    end_timestamp,
    coalesce((at_least_ms + below_ms - 1) / 2.0, at_least_ms) AS middle_ms,
    sum(sum(request_count)) OVER (PARTITION BY host, start_timestamp, end_timestamp ORDER BY at_least_ms) AS upto,
    sum(sum(request_count)) OVER (PARTITION BY host, start_timestamp, end_timestamp) AS total
  FROM nginx_log_request_times
  GROUP BY host, start_timestamp, end_timestamp, at_least_ms, below_ms
) AS buckets
GROUP BY host, start_timestamp, end_timestamp, total;
