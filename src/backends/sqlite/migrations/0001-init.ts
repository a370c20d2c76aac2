/**
 * Runs, threads, events and the long-term store. LangGraph's saver makes its own two tables.
 *
 * A run's row is small, since nearly every append rewrites it; what is large and seldom changes is
 * in `run_values`. `run` is never reused: events of a deleted run go a slice at a time.
 */
export const init = `
CREATE TABLE threads (
  id TEXT PRIMARY KEY,
  viewer TEXT,
  workflow TEXT NOT NULL,
  is_named INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX threads_by_creation ON threads (created_at, id);
CREATE INDEX threads_of_viewer ON threads (viewer, created_at, id);

CREATE TABLE runs (
  run INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  workflow_version TEXT NOT NULL,
  thread_id TEXT NOT NULL,
  viewer TEXT,
  input_hash TEXT NOT NULL,
  status TEXT NOT NULL,
  -- Whether it is the first of its thread's runs that have not ended.
  is_active INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  oldest_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  -- The "after" of the newest batch under the epoch.
  batch_after INTEGER,
  active_ms REAL NOT NULL,
  cancel_requested INTEGER NOT NULL,
  timeout_ms REAL NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  owner TEXT,
  lease_until INTEGER
) STRICT;
CREATE INDEX runs_by_creation ON runs (created_at, id);
CREATE INDEX runs_of_viewer ON runs (viewer, created_at, id);
CREATE INDEX runs_of_workflow ON runs (workflow, created_at, id);
CREATE INDEX runs_of_thread ON runs (thread_id, created_at, id);
CREATE INDEX open_runs ON runs (created_at, id)
  WHERE status IN ('queued', 'running', 'interrupted');
CREATE INDEX open_runs_of_thread ON runs (thread_id, created_at, id)
  WHERE status IN ('queued', 'running', 'interrupted');
CREATE INDEX runs_of_status ON runs (status, created_at, id);
CREATE INDEX waiting_runs_of_viewer ON runs (viewer, created_at, id, workflow)
  WHERE status IN ('queued', 'running') AND is_active = 1 AND lease_until IS NULL;
CREATE INDEX waiting_runs_by_creation ON runs (created_at, id)
  WHERE status IN ('queued', 'running') AND is_active = 1 AND lease_until IS NULL;
CREATE INDEX held_runs ON runs (lease_until, viewer)
  WHERE lease_until IS NOT NULL;
CREATE INDEX ended_runs ON runs (finished_at, id)
  WHERE status IN ('succeeded', 'failed', 'cancelled');
CREATE INDEX ended_runs_with_events ON runs (finished_at, id)
  WHERE status IN ('succeeded', 'failed', 'cancelled') AND oldest_seq <= last_seq;

CREATE TABLE run_values (
  run INTEGER PRIMARY KEY,
  input TEXT NOT NULL,
  context TEXT NOT NULL,
  segment TEXT NOT NULL,
  recoveries TEXT NOT NULL,
  output TEXT NOT NULL,
  error TEXT NOT NULL,
  interrupts TEXT NOT NULL
) STRICT;

CREATE TABLE events (
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

-- Runs whose events are still to be deleted.
CREATE TABLE deleted_runs (run INTEGER PRIMARY KEY) STRICT;

-- A namespace is its JSON without the last bracket, so that those below it begin with it and a comma.
CREATE TABLE store_items (
  item INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (namespace, key)
) STRICT;
`;
