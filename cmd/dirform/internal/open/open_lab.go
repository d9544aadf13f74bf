package open

import (
	"fmt"

	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/providers/lab"
)

// servedLab is an open lab and how to reach the sides of it that are being served.
type servedLab struct {
	lab   *lab.Lab
	ad    *lab.ADAccess
	entra *lab.EntraAccess
}

// adConfig serves the Active Directory side, once, and says how to reach it.
func (s *servedLab) adConfig() (ad.Config, error) {
	if s.ad == nil {
		access, err := s.lab.ServeAD()
		if err != nil {
			return ad.Config{}, fmt.Errorf("lab: cannot serve Active Directory: %w", err)
		}
		s.ad = &access
	}
	ca, err := readCA(s.ad.CAFile, "lab")
	return ad.Config{URLs: []string{s.ad.URL}, BaseDN: s.ad.BaseDN, BindDN: s.ad.BindDN, Password: s.ad.Password, CA: ca}, err
}

// entraConfig serves the tenant's side, once, and says how to reach it.
func (s *servedLab) entraConfig() (entra.Config, error) {
	if s.entra == nil {
		access, err := s.lab.ServeEntra()
		if err != nil {
			return entra.Config{}, fmt.Errorf("lab: cannot serve the tenant: %w", err)
		}
		s.entra = &access
	}
	ca, err := readCA(s.entra.CAFile, "lab")
	return entra.Config{
		TenantID: s.entra.TenantID, ClientID: s.entra.ClientID, ClientSecret: s.entra.ClientSecret,
		Endpoint: s.entra.Endpoint, Authority: s.entra.Authority, CA: ca, CAOnly: true, UserAgent: userAgent,
		Unpaced: s.lab.Faults().Throttle == nil,
	}, err
}
