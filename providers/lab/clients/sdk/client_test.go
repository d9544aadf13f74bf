// Package sdk_test lets Microsoft's own Go SDK and azidentity, unmodified and with their default middleware, use a lab's tenant.
package sdk_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoft/kiota-abstractions-go/store"
	kiotaazure "github.com/microsoft/kiota-authentication-azure-go"
	khttp "github.com/microsoft/kiota-http-go"
	kiotajson "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/dirform/dirform/providers/lab/clients/served"
)

// client is what the SDK's root client would be, with the two parts that are used.
type client struct {
	adapter *core.GraphRequestAdapterBase
	users   *users.UsersRequestBuilder
	groups  *groups.GroupsRequestBuilder
}

// trust is a transport that accepts the lab's CA.
func trust(t *testing.T, caFile string) *http.Transport {
	t.Helper()
	ca, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatalf("%s holds no certificate", caFile)
	}
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// options are azidentity's for another authority than Microsoft's.
func options(t *testing.T, lab served.Lab) azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: lab.Entra.Authority},
		Transport: &http.Client{Transport: trust(t, lab.Entra.CAFile)},
	}
}

func withSecret(t *testing.T, lab served.Lab, secret string) azcore.TokenCredential {
	t.Helper()
	cred, err := azidentity.NewClientSecretCredential(lab.Entra.TenantID, lab.Entra.ClientID, secret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options(t, lab), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

// application makes a certificate and key for a client, and a PEM file of the certificate.
func application(t *testing.T) (*x509.Certificate, *rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dirform test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "client.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return cert, key, file
}

func withCertificate(t *testing.T, lab served.Lab, cert *x509.Certificate, key *rsa.PrivateKey) azcore.TokenCredential {
	t.Helper()
	cred, err := azidentity.NewClientCertificateCredential(lab.Entra.TenantID, lab.Entra.ClientID, []*x509.Certificate{cert}, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: options(t, lab), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

// newClient puts the SDK together as its root client does, which is left out because it takes minutes to compile.
func newClient(t *testing.T, lab served.Lab, cred azcore.TokenCredential) *client {
	t.Helper()
	auth, err := kiotaazure.NewAzureIdentityAuthenticationProviderWithScopes(cred, []string{"https://graph.microsoft.com/.default"})
	if err != nil {
		t.Fatal(err)
	}
	o := &core.GraphClientOptions{GraphServiceLibraryVersion: "1.103.0"}
	http := &http.Client{Transport: khttp.NewCustomTransportWithParentTransport(trust(t, lab.Entra.CAFile), core.GetDefaultMiddlewaresWithOptions(o)...)}
	adapter, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(auth, *o, nil, nil, http)
	if err != nil {
		t.Fatal(err)
	}
	abstractions.RegisterDefaultSerializer(func() serialization.SerializationWriterFactory { return kiotajson.NewJsonSerializationWriterFactory() })
	abstractions.RegisterDefaultDeserializer(func() serialization.ParseNodeFactory { return kiotajson.NewJsonParseNodeFactory() })
	adapter.SetBaseUrl(lab.Entra.Endpoint)
	adapter.EnableBackingStore(store.BackingStoreFactoryInstance)
	base := map[string]string{"baseurl": lab.Entra.Endpoint}
	return &client{adapter, users.NewUsersRequestBuilderInternal(base, adapter), groups.NewGroupsRequestBuilderInternal(base, adapter)}
}
