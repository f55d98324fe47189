-- What job_supervisor.py has deployed: one row per job. The table had another name at version 1.
ALTER TABLE IF EXISTS log_analysis_plan RENAME TO log_analysis_deployments;
ALTER INDEX IF EXISTS log_analysis_plan_pkey RENAME TO log_analysis_deployments_pkey;

CREATE TABLE IF NOT EXISTS log_analysis_deployments
(
  job text PRIMARY KEY,
  generation integer NOT NULL,
  digest text NOT NULL,
  since timestamp with time zone
);
