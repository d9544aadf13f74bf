package lab

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/dirform/dirform/state/inside"
)

// clientID is the lab's one application. It is no secret, so it is the same in every lab.
const clientID = "d1f03301-0000-4000-8000-00000000000a"

// credentials are the secrets of a lab, random for each data folder.
type credentials struct {
	Password     string `json:"password"`      // of the LDAP account
	ClientSecret string `json:"client_secret"` // of the tenant's application
	AccessToken  string `json:"access_token"`  // a bearer token that is always valid
}

// loadCredentials reads them from dir, or makes them and keeps them there. Without a folder they live as long as the lab.
func loadCredentials(dir *inside.Folder) (credentials, error) {
	const name = "credentials.json"
	var c credentials
	if dir != nil {
		b, err := dir.ReadFile(name)
		if err == nil {
			if err := json.Unmarshal(b, &c); err != nil || c.Password == "" || c.ClientSecret == "" || c.AccessToken == "" {
				return c, fmt.Errorf("%s is damaged; delete it to have new credentials made", dir.Path(name))
			}
			return c, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return c, err
		}
	}
	c = credentials{rand.Text(), rand.Text(), rand.Text() + rand.Text()}
	if dir == nil {
		return c, nil
	}
	b, err := json.Marshal(c)
	if err != nil {
		return c, err
	}
	return c, dir.Write(name, b, 0o600)
}
