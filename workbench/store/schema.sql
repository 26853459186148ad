-- Schema 1 of a project file. Table names are a contract with users who query the file themselves.
-- Times are UTC ISO 8601 text, hashes are lower-case SHA-256 hex, JSON is canonical.

CREATE TABLE project (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL,
  created TEXT NOT NULL,
  created_by TEXT NOT NULL,            -- "unlearning-workbench 0.1.0"
  settings TEXT NOT NULL               -- JSON: {"side_folder_above_bytes": ...}
) STRICT;

CREATE TABLE environment (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL            -- JSON: python, packages, platform, device, threads
) STRICT;

CREATE TABLE plugin (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  origin TEXT NOT NULL,                -- builtin, folder or distribution
  hash TEXT NOT NULL,                  -- of every file in its folder
  manifest TEXT NOT NULL,              -- JSON
  UNIQUE (name, version, hash)
) STRICT;

CREATE TABLE artifact (
  hash TEXT PRIMARY KEY,               -- of dtype, shape and bytes; what verify recomputes
  dtype TEXT NOT NULL,                 -- numpy dtype string, or "bytes"
  shape TEXT NOT NULL,                 -- JSON list
  size INTEGER NOT NULL,               -- bytes
  storage TEXT NOT NULL CHECK (storage IN ('inline', 'side')),
  created TEXT NOT NULL
) STRICT;

CREATE TABLE artifact_chunk (
  hash TEXT NOT NULL REFERENCES artifact (hash),
  seq INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (hash, seq)
) STRICT;

CREATE TABLE dataset (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL UNIQUE,
  task TEXT NOT NULL,
  source TEXT NOT NULL,                -- JSON: plugin, params, file name
  n_rows INTEGER NOT NULL,
  class_names TEXT NOT NULL,           -- JSON list
  preprocessing TEXT NOT NULL,         -- JSON
  preprocessing_hash TEXT NOT NULL,
  arrays TEXT NOT NULL,                -- JSON: inputs, targets, split, column:NAME -> artifact hash
  notes TEXT NOT NULL,
  created TEXT NOT NULL
) STRICT;

CREATE TABLE model (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  architecture TEXT NOT NULL,          -- JSON: id, params, input_shape, n_outputs
  weights_hash TEXT NOT NULL,          -- over all tensors by name
  tensors TEXT NOT NULL,               -- JSON: tensor name -> artifact hash
  parent_id INTEGER REFERENCES model (id),
  dataset_id INTEGER REFERENCES dataset (id),
  recipe TEXT,                         -- JSON, null if unknown
  source TEXT NOT NULL,                -- JSON: how it came here
  created TEXT NOT NULL
) STRICT;

CREATE TABLE output (
  network_hash TEXT NOT NULL,          -- of architecture and weights: equal networks share a pass
  dataset_id INTEGER NOT NULL REFERENCES dataset (id),
  name TEXT NOT NULL,                  -- logits, loss or embedding
  hash TEXT NOT NULL REFERENCES artifact (hash),
  PRIMARY KEY (network_hash, dataset_id, name)
) STRICT;

CREATE TABLE forget_set (
  id INTEGER PRIMARY KEY,
  dataset_id INTEGER NOT NULL REFERENCES dataset (id),
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  definition TEXT NOT NULL,            -- JSON: where, selector + params, or rows
  rows_artifact TEXT NOT NULL REFERENCES artifact (hash),
  n_rows INTEGER NOT NULL,
  created TEXT NOT NULL,
  UNIQUE (dataset_id, name, version)
) STRICT;

CREATE TABLE plan (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  content TEXT NOT NULL,               -- JSON
  hash TEXT NOT NULL UNIQUE,
  dataset_id INTEGER REFERENCES dataset (id),
  original_model_id INTEGER REFERENCES model (id),
  forget_sets TEXT,                    -- JSON: name in the plan -> forget_set id; null until prepared
  locked TEXT,                         -- time of the lock, null until then
  created TEXT NOT NULL
) STRICT;

CREATE TABLE criterion (
  id INTEGER PRIMARY KEY,
  plan_id INTEGER NOT NULL REFERENCES plan (id),
  name TEXT NOT NULL,
  definition TEXT NOT NULL,            -- JSON
  is_primary INTEGER NOT NULL,
  is_exploratory INTEGER NOT NULL,     -- added after the lock
  UNIQUE (plan_id, name)
) STRICT;

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  plan_id INTEGER NOT NULL REFERENCES plan (id),
  forget_set_id INTEGER NOT NULL REFERENCES forget_set (id),
  label TEXT NOT NULL,                 -- the candidate it belongs to; runs differ by seed
  role TEXT NOT NULL,
  method TEXT NOT NULL,
  params TEXT NOT NULL,                -- JSON, complete with defaults
  seed INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN
    ('queued', 'running', 'done', 'error', 'cancelled', 'crashed', 'interrupted')),
  key TEXT NOT NULL,                   -- hash of everything the result depends on
  original_model_id INTEGER NOT NULL REFERENCES model (id),
  model_id INTEGER REFERENCES model (id),
  plugin_id INTEGER REFERENCES plugin (id),
  environment_id INTEGER REFERENCES environment (id),
  worker TEXT,                         -- JSON: pid, process start, host; while running
  device TEXT,
  seconds REAL,                        -- of the method alone
  peak_memory INTEGER,                 -- bytes
  queued TEXT NOT NULL,
  started TEXT,
  finished TEXT,
  error TEXT,                          -- JSON: message, remedy, traceback, last log lines
  log TEXT NOT NULL DEFAULT '',
  UNIQUE (plan_id, forget_set_id, label, seed, role)
) STRICT;

CREATE TABLE run_input (
  run_id INTEGER NOT NULL REFERENCES run (id),
  name TEXT NOT NULL,                  -- original weights, dataset, forget rows, plugin, recipe
  hash TEXT NOT NULL,
  PRIMARY KEY (run_id, name)
) STRICT;

CREATE TABLE metric (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id),
  model_id INTEGER REFERENCES model (id),
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  split TEXT,
  group_key TEXT NOT NULL,
  value REAL,
  ci_low REAL,
  ci_high REAL,
  ci_method TEXT NOT NULL,
  n INTEGER NOT NULL,
  unit TEXT NOT NULL,
  direction TEXT NOT NULL,
  reference TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('OK', 'NOT_COMPUTED')),
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX metric_by_run ON metric (run_id, name);

CREATE TABLE series (
  run_id INTEGER NOT NULL REFERENCES run (id),
  name TEXT NOT NULL,
  hash TEXT NOT NULL REFERENCES artifact (hash),   -- (k, 2) float64: seconds since start, value
  PRIMARY KEY (run_id, name)
) STRICT;

CREATE TABLE run_artifact (
  run_id INTEGER NOT NULL REFERENCES run (id),
  name TEXT NOT NULL,                  -- "scores/loss", "attribution/saliency", ...
  hash TEXT NOT NULL REFERENCES artifact (hash),
  PRIMARY KEY (run_id, name)
) STRICT;

CREATE TABLE verdict (
  id INTEGER PRIMARY KEY,
  plan_id INTEGER NOT NULL REFERENCES plan (id),
  forget_set_id INTEGER REFERENCES forget_set (id),  -- null for the whole plan
  label TEXT NOT NULL,                 -- the candidate; '' for the whole plan
  role TEXT NOT NULL,
  criterion TEXT NOT NULL,             -- '' for the overall verdict of a candidate
  outcome TEXT NOT NULL CHECK (outcome IN ('PASS', 'FAIL', 'INCONCLUSIVE', 'INVALID')),
  estimate REAL,
  ci_low REAL,
  ci_high REAL,
  detail TEXT NOT NULL,                -- JSON: margin, p values, values of each seed, rung
  reason TEXT NOT NULL,
  created TEXT NOT NULL
) STRICT;

CREATE TABLE request (
  id INTEGER PRIMARY KEY,
  external_id TEXT NOT NULL UNIQUE,
  received TEXT NOT NULL,
  due TEXT,
  forget_set_id INTEGER REFERENCES forget_set (id),
  status TEXT NOT NULL,
  scope TEXT NOT NULL
) STRICT;

CREATE TABLE report (
  id INTEGER PRIMARY KEY,
  plan_id INTEGER NOT NULL REFERENCES plan (id),
  format TEXT NOT NULL,
  profile TEXT NOT NULL,
  file_name TEXT NOT NULL,
  file_hash TEXT NOT NULL,
  created TEXT NOT NULL
) STRICT;

CREATE TABLE journal (
  id INTEGER PRIMARY KEY,
  edit TEXT NOT NULL,                  -- JSON: what the user changed
  inverse TEXT NOT NULL,               -- JSON: how to undo it
  undone INTEGER NOT NULL,
  created TEXT NOT NULL
) STRICT;

CREATE TABLE event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- so SQLite remembers the last one if it is cut off
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  actor TEXT NOT NULL,
  role TEXT NOT NULL,
  type TEXT NOT NULL,
  time TEXT NOT NULL,
  subject TEXT NOT NULL,
  payload TEXT NOT NULL                -- JSON; "rows" holds the digest of every row written
) STRICT;

CREATE TRIGGER event_is_append_only_update BEFORE UPDATE ON event
BEGIN SELECT RAISE (ABORT, 'the event log is append-only'); END;
CREATE TRIGGER event_is_append_only_delete BEFORE DELETE ON event
BEGIN SELECT RAISE (ABORT, 'the event log is append-only'); END;
