-- The schema as layout 1 had it, and version 1 in it.
CREATE SCHEMA IF NOT EXISTS dirform;
CREATE TABLE dirform.schema (version bigint NOT NULL);
CREATE TABLE dirform.leases (name text PRIMARY KEY, fence bigint NOT NULL DEFAULT 0, written bigint NOT NULL DEFAULT 0,
  lock_id text NOT NULL DEFAULT '', holder text NOT NULL DEFAULT '', host text NOT NULL DEFAULT '', ran_by text NOT NULL DEFAULT '',
  ref text NOT NULL DEFAULT '', since timestamptz NOT NULL DEFAULT now(), until timestamptz NOT NULL DEFAULT '-infinity');
CREATE TABLE dirform.records (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE dirform.meta (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, name text, value text NOT NULL,
  PRIMARY KEY (record, name));
CREATE TABLE dirform.shapes (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, id bigint,
  attributes text NOT NULL, PRIMARY KEY (record, id), UNIQUE (record, attributes));
CREATE TABLE dirform.classes (record bigint NOT NULL, id bigint, kind text NOT NULL, scope text NOT NULL, rule text NOT NULL,
  left_scope bigint NOT NULL, shape bigint NOT NULL, PRIMARY KEY (record, id), UNIQUE (record, kind, scope, rule, left_scope, shape),
  FOREIGN KEY (record, shape) REFERENCES dirform.shapes ON DELETE CASCADE);
CREATE TABLE dirform.links (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, anchor text COLLATE "C",
  tenant_id text NOT NULL, source_guid bytea NOT NULL CHECK (octet_length(source_guid) = 16), class bigint NOT NULL,
  fingerprints bytea NOT NULL, left_at bigint NOT NULL, PRIMARY KEY (record, anchor));
CREATE TABLE dirform.ous (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, scope text COLLATE "C",
  declared text COLLATE "C", guid bytea NOT NULL, PRIMARY KEY (record, scope, declared));
CREATE TABLE dirform.runs (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, id bigint, command text NOT NULL,
  serial bigint NOT NULL, started text NOT NULL, finished text NOT NULL, outcome text NOT NULL, counts text NOT NULL,
  plan_digest text NOT NULL, allowed text NOT NULL, scopes text NOT NULL, active text COLLATE "C" NOT NULL, links bigint NOT NULL,
  did text NOT NULL, writes text NOT NULL, ran_by text NOT NULL, ref text NOT NULL, PRIMARY KEY (record, id));
CREATE INDEX runs_active ON dirform.runs (record, active);
CREATE TABLE dirform.journal (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, run bigint, seq bigint,
  key text NOT NULL, kind text NOT NULL, action text NOT NULL, attribute text NOT NULL, status text COLLATE "C" NOT NULL,
  tenant_id text NOT NULL, code text NOT NULL, request_id text NOT NULL, source_writes bigint NOT NULL, tenant_writes bigint NOT NULL,
  deeds text NOT NULL, PRIMARY KEY (record, run, seq));
CREATE INDEX journal_open ON dirform.journal (record, run, seq) WHERE status = 'intent';
CREATE INDEX journal_unsure ON dirform.journal (record, run, seq) WHERE status = 'unknown';
INSERT INTO dirform.schema VALUES (1);
