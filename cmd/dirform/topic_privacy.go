package main

// privacyText is "dirform help privacy".
func privacyText() string {
	return `PRIVACY

What each file that dirform writes reveals, and to whom. Only their owner may read them (mode 0600), except for the
configuration that init writes and the invented people of lab generate.

STATE (dirform.dfstate, and beside it -wal, -shm, .lock, .new and .damaged-TIME)

  It holds no names, addresses, attribute values, passwords or credentials. It holds, of each linked pair: the anchor
  and the source object's GUID, the tenant object's id, kind and scope, how the pair came about, whether and since when
  the source object is gone, and a fingerprint of each managed attribute as it was last applied. Besides: the domain's
  SID and the tenant's id, names and GUIDs of the scopes' OUs, hosts that got credentials, how many objects each scope
  had, digests of the mapping's expressions, and of each run when it was and what became of its steps (of the last 100
  runs: anchor, id, action, the service's error code and request id). The .lock names the account, host and process
  that hold it.

  To whoever may read Active Directory or the tenant as well: who the pairs are. Anchors, GUIDs and ids are pseudonyms
  that both directories resolve.

  To whoever has some of it, such as rows or fingerprints without the rest: which accounts are linked, by pseudonyms,
  and when they left. Fingerprints show nothing: neither that two accounts have the same value, nor that a value has
  changed, nor can values be tried out against them.

  To whoever has the whole file: its key too. The record mints it at random, 32 bytes in the table meta, and no plan,
  JSON or log has it. With it values can be tried out: a guess such as "department is Sales" can be confirmed. So keep
  the file like personal data, its backups too.

  Records of earlier versions (layouts 1 and 2) had their key from the lineage, which plans and logs show. The first
  apply of this version seals what they hold and rewrites the file. Copies made before stay as they are: delete them.

PLAN FILE (plan --out FILE), AND WHAT plan AND show PRINT (text, JSON)

  Everything that a person needs to review the changes, in the clear: distinguished names, user names, addresses, and
  the values of every attribute that changes, before and after; findings with the objects and values they are about;
  the lineage of the state, the domain's and the tenant's id; anchors and GUIDs of pairs of which something is only
  noted. No value that stays as it is, no fingerprint, no password, no credential. To whoever reads it, in a pull
  request or an artifact: personal data of everybody who is in it. So it is with explain, which shows all mapped values
  of an object.

ALIASES SCRIPT (--aliases-script FILE)

  User names and mail addresses of everybody whose aliases are to be set, in the clear.

LOGS (standard error; --log-level info, debug)

  Plain progress of an apply names people by their plan addresses, which hold user names, and so do errors and
  warnings, which quote what the service says. What --log-level adds holds no names and no values: hosts, counts,
  durations, the state's lineage and serial. No log has the key, a password or a credential. What a terminal or a CI
  job keeps is as personal as what was printed: plans above all.

TEMPORARY FILES (TMPDIR)

  While it plans, dirform spools what it has read from both directories, attribute values included. The files have no
  name where the system allows that, and are gone when it ends, also when it is killed.

LAB DATA (.dirform/lab, and the seed folders it comes from)

  The embedded directories are files: the seed, in LDIF and JSON, and a journal of everything that was changed, values
  in the clear; credentials.json and certificates of the lab itself, which open no other door. Passwords of its
  accounts are kept in memory only. Copies of real people in a seed are as personal as in a directory. With
  DIRFORM_LAB_RECORD, what clients and the lab said to each other is written down, without passwords and tokens.
`
}
