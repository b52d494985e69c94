"""The tables of a photo library's database, and the marks by which its file is known.

A `contents` row is a picture by its bytes, captioned once however many files hold it; a `files` row
is a place where it lies. Paths are bytes, since file names need not be valid Unicode. `captions` is
the full-text index over `contents`: its rows are written in the same transactions.
"""

from __future__ import annotations

APPLICATION_ID = 0x4C6F6F6B  # "Look", at byte 68 of the file
VERSION = 1

TABLES = """
CREATE TABLE roots (
  id INTEGER PRIMARY KEY,
  path BLOB NOT NULL UNIQUE          -- absolute, links resolved
);
CREATE TABLE models (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,              -- SHA-256 over the bundles' files
  options TEXT NOT NULL,             -- JSON: how its captions were searched for
  UNIQUE (digest, options)
);
CREATE TABLE contents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: pages keep thumbnails by it
  sha256 BLOB NOT NULL UNIQUE,
  width INTEGER,                     -- pixels, upright; NULL where the file tells none
  height INTEGER,
  caption TEXT,                      -- NULL: not captioned yet, or not to be (see error)
  words TEXT,                        -- JSON
  log_prob REAL,
  confidence REAL,
  alternatives TEXT,                 -- JSON, as in a caption's record
  model_id INTEGER REFERENCES models(id),
  error TEXT,                        -- why there is no caption
  captioned_at TEXT                  -- UTC, ISO 8601
);
CREATE INDEX contents_without_caption ON contents(id) WHERE caption IS NULL;
CREATE TABLE files (
  id INTEGER PRIMARY KEY,
  root_id INTEGER NOT NULL REFERENCES roots(id),
  path BLOB NOT NULL,                -- below the root, with "/"
  bytes INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  content_id INTEGER NOT NULL REFERENCES contents(id),
  gone_at TEXT,                      -- when a run no longer found it; NULL: it is there
  UNIQUE (root_id, path)
);
CREATE INDEX files_by_content ON files(content_id, gone_at);
CREATE VIRTUAL TABLE captions USING fts5(
  caption, alternatives, tokenize = "porter unicode61 remove_diacritics 2"
);
CREATE TRIGGER contents_deleted AFTER DELETE ON contents BEGIN
  DELETE FROM captions WHERE rowid = old.id;
END;
"""
