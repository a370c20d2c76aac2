/**
 * Runs, threads, events, locks and the long-term store; `@` stands for the schema. LangGraph's saver
 * makes its own tables.
 *
 * A run's row is small, since nearly every append rewrites it; what is large and seldom changes is
 * in `run_values`. No index and no condition of one has a column that appends or renewals change
 * (`last_seq`, `batch_after`, `lease_until`): so Postgres rewrites the row in its page, and touches
 * none of the indexes. `owner` is set as long as `lease_until` is.
 */
export const init = `
-- What leases and ends of runs are measured by.
CREATE FUNCTION @.now_ms() RETURNS bigint LANGUAGE sql VOLATILE
  AS $$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

CREATE TABLE @.threads (
  id text COLLATE "C" PRIMARY KEY,
  viewer text COLLATE "C",
  workflow text NOT NULL,
  is_named boolean NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL
);
CREATE INDEX threads_by_creation ON @.threads (created_at, id);
CREATE INDEX threads_of_viewer ON @.threads (viewer, created_at, id);

CREATE TABLE @.runs (
  run bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  workflow text COLLATE "C" NOT NULL,
  workflow_version text NOT NULL,
  thread_id text COLLATE "C" NOT NULL,
  viewer text COLLATE "C",
  input_hash text NOT NULL,
  status text COLLATE "C" NOT NULL,
  -- Whether it is the first of its thread's runs that have not ended.
  is_active boolean NOT NULL,
  epoch bigint NOT NULL,
  oldest_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  -- Whether oldest_seq <= last_seq.
  has_events boolean NOT NULL,
  -- The "after" of the newest batch under the epoch.
  batch_after bigint,
  active_ms double precision NOT NULL,
  cancel_requested boolean NOT NULL,
  timeout_ms double precision NOT NULL,
  created_at bigint NOT NULL,
  started_at bigint,
  finished_at bigint,
  owner text,
  lease_until bigint
) WITH (fillfactor = 70);
CREATE INDEX runs_by_creation ON @.runs (created_at, id);
CREATE INDEX runs_of_viewer ON @.runs (viewer, created_at, id);
CREATE INDEX runs_of_workflow ON @.runs (workflow, created_at, id);
CREATE INDEX runs_of_thread ON @.runs (thread_id, created_at, id);
CREATE INDEX runs_of_status ON @.runs (status, created_at, id);
CREATE INDEX open_runs ON @.runs (created_at, id)
  WHERE status IN ('queued', 'running', 'interrupted');
CREATE INDEX open_runs_of_thread ON @.runs (thread_id, created_at, id)
  WHERE status IN ('queued', 'running', 'interrupted');
CREATE INDEX waiting_runs_of_viewer ON @.runs (viewer, created_at, id, workflow)
  WHERE status IN ('queued', 'running') AND is_active AND owner IS NULL;
CREATE INDEX waiting_runs_by_creation ON @.runs (created_at, id)
  WHERE status IN ('queued', 'running') AND is_active AND owner IS NULL;
CREATE INDEX held_runs ON @.runs (viewer) WHERE owner IS NOT NULL;
CREATE INDEX ended_runs ON @.runs (finished_at, id)
  WHERE status IN ('succeeded', 'failed', 'cancelled');
CREATE INDEX ended_runs_with_events ON @.runs (finished_at, id)
  WHERE status IN ('succeeded', 'failed', 'cancelled') AND has_events;

-- JSON as text: Postgres's own types for it have no room for NUL and halves of surrogate pairs.
CREATE TABLE @.run_values (
  run bigint PRIMARY KEY,
  input text NOT NULL,
  context text NOT NULL,
  segment text NOT NULL,
  recoveries text NOT NULL,
  output text NOT NULL,
  error text NOT NULL,
  interrupts text NOT NULL
);

CREATE TABLE @.events (
  run bigint NOT NULL,
  seq bigint NOT NULL,
  event text NOT NULL,
  PRIMARY KEY (run, seq)
);

-- Lost when the server crashes, as are those who hold them.
CREATE UNLOGGED TABLE @.thread_locks (
  thread_id text COLLATE "C" PRIMARY KEY,
  owner text NOT NULL,
  until bigint NOT NULL
);

-- A namespace is its JSON without the last bracket, so that those below it begin with it and a comma.
CREATE TABLE @.store_items (
  item bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  UNIQUE (namespace, key)
);
`;
