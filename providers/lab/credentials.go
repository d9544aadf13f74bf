package lab

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dirform/dirform/state/atomicfile"
)

// clientID is the lab's one application. It is no secret, so it is the same in every lab.
const clientID = "d1f03301-0000-4000-8000-00000000000a"

// credentials are the secrets of a lab, random for each data folder.
type credentials struct {
	Password     string `json:"password"`      // of the LDAP account
	ClientSecret string `json:"client_secret"` // of the tenant's application
	AccessToken  string `json:"access_token"`  // a bearer token that is always valid
}

// loadCredentials reads them from dir, or makes them and keeps them there. With dir "" they live as long as the lab.
func loadCredentials(dir string) (credentials, error) {
	path := filepath.Join(dir, "credentials.json")
	var c credentials
	if dir != "" {
		b, err := os.ReadFile(path)
		if err == nil {
			if err := json.Unmarshal(b, &c); err != nil || c.Password == "" || c.ClientSecret == "" || c.AccessToken == "" {
				return c, fmt.Errorf("%s is damaged; delete it to have new credentials made", path)
			}
			return c, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return c, err
		}
	}
	c = credentials{rand.Text(), rand.Text(), rand.Text() + rand.Text()}
	if dir == "" {
		return c, nil
	}
	b, err := json.Marshal(c)
	if err != nil {
		return c, err
	}
	return c, atomicfile.Write(path, b, 0o600)
}
