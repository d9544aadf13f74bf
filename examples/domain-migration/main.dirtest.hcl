# What the move is to do with each kind of case, told by examples: "dirform test" plans for them in memory.

test "an account gets the new anchor" {
  source "anna" {
    attributes {
      userPrincipalName = "anna.kovacs@contoso.com"
      mail              = "anna.kovacs@contoso.com"
      displayName       = "Anna Kovács"
    }
  }
  account "anna" {
    attributes {
      userPrincipalName     = "anna.kovacs@contoso.com"
      mail                  = "anna.kovacs@contoso.com"
      displayName           = "Anna Kovács"
      onPremisesImmutableId = "PKM0ctf74XoBKTiTMuYF+w==" # the old domain's
    }
  }
  expect {
    change "anna" {
      action = "relink"
      reason = "foreign_anchor"
      attributes {
        onPremisesImmutableId = "anna" # her object's
      }
    }
  }
}

test "an anchor that was carried over stays" {
  source "dora" {
    attributes {
      userPrincipalName     = "dora.szabo@contoso.com"
      mS-DS-ConsistencyGuid = "Qhk02/BI9nU+6fCAzZ31zQ=="
    }
  }
  account "dora" {
    attributes {
      userPrincipalName     = "dora.szabo@contoso.com"
      onPremisesImmutableId = "Qhk02/BI9nU+6fCAzZ31zQ=="
    }
  }
  expect {
    change "dora" {
      action = "link"
    }
  }
}

test "an administrator is left alone" {
  source "emil" {
    attributes {
      userPrincipalName = "emil.novak@contoso.com"
    }
  }
  account "emil" {
    roles = ["User Administrator"]
    attributes {
      userPrincipalName     = "emil.novak@contoso.com"
      onPremisesImmutableId = "3WeWiQQQTOr6uGaF+O7+3g=="
    }
  }
  expect {
    finding "emil" {
      code = "DF206"
    }
    blocked = ["emil"]
  }
}

test "nobody gets a second account" {
  source "greta" {
    attributes {
      userPrincipalName = "greta.holm@contoso.com"
      mail              = "greta.holm@contoso.com"
    }
  }
  expect {
    finding "greta" {
      code = "DF213"
    }
    summary = { blocked = 1 }
  }
}

test "who is not in the new domain yet keeps the account" {
  source "kurt@contoso.com" {
    gone = "unseen"
  }
  account "kurt@contoso.com" {
    linked_to = "kurt@contoso.com"
  }
  expect {
    unchanged = ["kurt@contoso.com"]
  }
}

test "she who has another name now is found by the link block" {
  source "fiona" {
    dn = "CN=Fiona Gray,OU=Staff,DC=corp,DC=contoso,DC=com"
    attributes {
      userPrincipalName = "fiona.gray@contoso.com"
      displayName       = "Fiona Gray"
    }
  }
  account "fiona" {
    attributes {
      userPrincipalName     = "fiona.stone@contoso.com"
      onPremisesImmutableId = "EZSi6jLghOdd2fUgiP+9MQ=="
    }
  }
  expect {
    change "fiona" {
      action = "relink"
      attributes {
        userPrincipalName = "fiona.gray@contoso.com"
      }
    }
  }
}
