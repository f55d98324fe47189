-- The tables of all web hosts: what each status did, and the most frequent paths, clients and user agents.
--
-- A log format without $status or $body_bytes_sent gives no row here, one without $request or $remote_addr no row of that
-- facet. Every aggregate is one of windows, so the job's state ends with the window.

CREATE TABLE status (
  host STRING NOT NULL,
  start_timestamp TIMESTAMP(3) NOT NULL,
  end_timestamp TIMESTAMP(3) NOT NULL,
  status SMALLINT NOT NULL,
  request_count INT NOT NULL,
  body_bytes BIGINT NOT NULL,
  request_times STRING NOT NULL,
  PRIMARY KEY (host, start_timestamp, end_timestamp, status) NOT ENFORCED
) WITH ('table-name' = 'nginx_log_status', ${database});

INSERT INTO status
SELECT
  ${host},
  window_start,
  window_end,
  CAST(status AS SMALLINT),
  CAST(SUM(request_count) AS INT),
  SUM(total_bytes),
  '{' || LISTAGG('"' || CAST(at_least_ms AS STRING) || '":' || CAST(request_count AS STRING), ',') || '}'
FROM request_times
WHERE status IS NOT NULL AND total_bytes IS NOT NULL
GROUP BY window_start, window_end, status;

CREATE TABLE top (
  host STRING NOT NULL,
  start_timestamp TIMESTAMP(3) NOT NULL,
  end_timestamp TIMESTAMP(3) NOT NULL,
  facet STRING NOT NULL,
  `value` STRING NOT NULL,
  place SMALLINT NOT NULL,
  request_count INT NOT NULL,
  error_count INT NOT NULL,
  body_bytes BIGINT NOT NULL,
  total_request_time BIGINT NOT NULL,
  max_request_time BIGINT NOT NULL,
  PRIMARY KEY (host, start_timestamp, end_timestamp, facet, `value`) NOT ENFORCED
) WITH ('table-name' = 'nginx_log_top', ${database});

-- All paths that do not exist are one value: a scanner of the site would otherwise fill memory with its own.
CREATE VIEW path_requests AS
SELECT
  log_time,
  CASE WHEN status = 404 THEN '(404)' WHEN path = '' THEN '(no path)' ELSE path END AS path,
  status,
  body_bytes,
  request_ms
FROM requests
WHERE path IS NOT NULL AND status IS NOT NULL AND body_bytes IS NOT NULL;

CREATE VIEW client_requests AS
SELECT log_time, client, status, body_bytes, request_ms
FROM requests
WHERE client IS NOT NULL AND status IS NOT NULL AND body_bytes IS NOT NULL;

CREATE VIEW agent_requests AS
SELECT log_time, agent, status, body_bytes, request_ms
FROM requests
WHERE status IS NOT NULL AND body_bytes IS NOT NULL;

CREATE VIEW facets AS
SELECT
  window_start, window_end, 'path' AS facet, path AS `value`, COUNT(*) AS n,
  COUNT(*) FILTER (WHERE status >= 500) AS errors, SUM(body_bytes) AS total_bytes, SUM(request_ms) AS total_ms, MAX(request_ms) AS max_ms
FROM TABLE(TUMBLE(TABLE path_requests, DESCRIPTOR(log_time), ${window}))
GROUP BY window_start, window_end, path
UNION ALL
SELECT
  window_start, window_end, 'client', client, COUNT(*),
  COUNT(*) FILTER (WHERE status >= 500), SUM(body_bytes), SUM(request_ms), MAX(request_ms)
FROM TABLE(TUMBLE(TABLE client_requests, DESCRIPTOR(log_time), ${window}))
GROUP BY window_start, window_end, client
UNION ALL
SELECT
  window_start, window_end, 'agent', agent, COUNT(*),
  COUNT(*) FILTER (WHERE status >= 500), SUM(body_bytes), SUM(request_ms), MAX(request_ms)
FROM TABLE(TUMBLE(TABLE agent_requests, DESCRIPTOR(log_time), ${window}))
GROUP BY window_start, window_end, agent;

-- The order is complete, so a job that is restored from a checkpoint finds the same values.
CREATE VIEW places AS
SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, facet ORDER BY n DESC, `value` ASC) AS place
FROM facets;

INSERT INTO top
SELECT
  ${host},
  window_start,
  window_end,
  facet,
  `value`,
  CAST(place AS SMALLINT),
  CAST(n AS INT),
  CAST(errors AS INT),
  total_bytes,
  total_ms,
  max_ms
FROM places
WHERE place <= 20;
