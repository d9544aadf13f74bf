"""Lets ldap3 read a lab's schema, and read, add, change, rename and remove an account, with its checks on."""
import json
import os

import ldap3

lab = json.loads(os.environ["DIRFORM_LAB"])["ad"]
ou = os.environ["DIRFORM_OU"]
tls = ldap3.Tls(ca_certs_file=lab["ca_file"], validate=2)
server = ldap3.Server(lab["url"], get_info=ldap3.ALL, tls=tls)
connection = ldap3.Connection(server, lab["bind_dn"], lab["password"], auto_bind=True, raise_exceptions=True)

assert "sAMAccountName" in server.schema.attribute_types, "the schema lacks sAMAccountName"
assert "user" in server.schema.object_classes, "the schema lacks user"
assert server.schema.attribute_types["mail"].single_value
assert not server.schema.attribute_types["proxyAddresses"].single_value

people = "(&(objectClass=user)(sAMAccountName=*))"
found = list(connection.extend.standard.paged_search(ou, people, attributes=["*"], paged_size=7))
assert len(found) == int(os.environ["DIRFORM_USERS"]), len(found)
assert str(found[0]["attributes"]["objectGUID"]).startswith("{"), found[0]["attributes"]["objectGUID"]

dn = "CN=Dap Three," + ou
connection.add(dn, "user", {"sAMAccountName": "dap3"})
connection.modify(dn, {"title": [(ldap3.MODIFY_REPLACE, ["Librarian"])]})
connection.modify_dn(dn, "CN=Dap Four")
dn = "CN=Dap Four," + ou
connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=["title"])
assert connection.entries[0].title == "Librarian", connection.entries
connection.delete(dn)
connection.search(ou, "(sAMAccountName=dap3)")
assert not connection.entries, connection.entries
