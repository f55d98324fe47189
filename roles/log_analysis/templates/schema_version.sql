CREATE TABLE IF NOT EXISTS schema_version
(
  scope text NOT NULL,
  version integer NOT NULL,
  name text NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now(),
  PRIMARY KEY (scope, version)
);
