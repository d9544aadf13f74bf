# What the configuration is to do, told by examples: "dirform test" plans for each of them in memory, without any directory.

# Objects outside of tests are there in all tests of the file.
source "anna" {
  attributes {
    userPrincipalName = "Anna.Kovacs@contoso.com"
    mail              = "anna.kovacs@contoso.com"
    givenName         = "Anna"
    sn                = "Kovács"
    title             = "Chief Financial Officer"
  }
}

account "anna" {
  linked_to = "anna" # and has what the mapping gives, unless the test says otherwise
}

test "nothing is done about who is in step" {
  expect {
    unchanged = ["anna"]
  }
}

test "a new hire gets an account" {
  source "jane" {
    attributes {
      userPrincipalName = "JDoe@contoso.com"
      mail              = "jdoe@contoso.com"
      givenName         = "Jane"
      sn                = "Doe"
      manager           = "anna"
    }
  }
  expect {
    change "jane" {
      action = "create"
      attributes {
        userPrincipalName = "jdoe@contoso.com" # lower case
        displayName       = "Jane Doe"
        usageLocation     = "HU" # the default of the mapping
        accountEnabled    = true
        manager           = "anna"
        preferredLanguage = "hu-HU"
      }
    }
    unchanged = ["anna"]
  }
}

test "a promotion changes the title and nothing else" {
  account "anna" {
    linked_to = "anna"
    attributes {
      jobTitle = "Accountant"
    }
  }
  expect {
    change "anna" {
      action = "update"
      reason = "changed_at_source"
      only   = true
      attributes {
        jobTitle = "Chief Financial Officer"
      }
    }
  }
}

test "who moves to the archive is disabled, not deleted" {
  source "bob" {
    dn = "CN=Bob Miller,OU=Archive,OU=Staff,DC=corp,DC=contoso,DC=com"
    attributes {
      userPrincipalName = "bob.miller@contoso.com"
    }
  }
  account "bob" {
    linked_to = "bob"
  }
  expect {
    change "bob" {
      action = "disable"
      reason = "left_scope_moved"
      attributes {
        accountEnabled = false
      }
    }
  }
}

test "the address of a group is not given to a person" {
  source "ines" {
    attributes {
      userPrincipalName = "ines.fodor@contoso.com"
      mail              = "info@contoso.com"
    }
  }
  account "info" {
    object = "group"
    attributes {
      mail = "info@contoso.com"
    }
  }
  expect {
    blocked = ["ines"]
    finding "ines" {
      code      = "DF202"
      attribute = "mail"
    }
  }
}

test "service accounts are left alone" {
  source "svc-backup" {
    dn = "CN=svc-backup,OU=Service,OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"
  }
  expect {
    out_of_scope = ["svc-backup"]
  }
}

test "three leavers at once are too many" {
  source "a@contoso.com" { gone = "deleted" }
  source "b@contoso.com" { gone = "deleted" }
  source "c@contoso.com" { gone = "deleted" }
  account "a@contoso.com" { linked_to = "a@contoso.com" }
  account "b@contoso.com" { linked_to = "b@contoso.com" }
  account "c@contoso.com" { linked_to = "c@contoso.com" }
  expect {
    only       = false
    refused_by = ["disables"]
    summary    = { disable = 3 }
  }
}
