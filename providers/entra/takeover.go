package entra

import (
	"fmt"
	"net/http"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/graph"
)

// takeOver moves the authority over one object from the other sync engine to the cloud. There is no way here to move it back,
// which takes effect only with the other engine's next run (Microsoft Entra, "Configure user source of authority").
func takeOver(wr providers.Write, object string) (graph.Part, error) {
	if len(wr.Attributes) != 1 || wr.Attributes[0].Name != providers.CloudManaged || !wr.Attributes[0].After.Bool() {
		return graph.Part{}, fmt.Errorf("a %s is taken over by setting %s to true, and nothing else with it", wr.Kind, providers.CloudManaged)
	}
	return withBody(http.MethodPatch, object+"/onPremisesSyncBehavior", []byte(`{"isCloudManaged":true}`)), nil
}

// Refusals of writes to an object that another engine masters or once mastered. The words are all that tells them apart.
const (
	masteredElsewhere = "on-premises mastered directory sync objects or objects currently undergoing migration"
	originatedOutside = "objects that have originated within an external service"
)

// notYetOurs reports a refusal that is explained by how short a while ago the object was taken over. That the change takes its
// time everywhere in the service is inferred from its words about objects undergoing migration; waiting does no harm.
func (w *Writer) notYetOurs(it *item, e *providers.ServiceError) bool {
	return it.attempts < maxFreshAttempts && e.Status == http.StatusBadRequest && contains(e.Message, masteredElsewhere) && w.taken.has(it.write.ID)
}

// explainMastery adds the cure to refusals because of another engine.
func explainMastery(e *providers.ServiceError) error {
	switch {
	case e.Status != http.StatusBadRequest:
	case contains(e.Message, masteredElsewhere):
		e.Hint = "Another sync engine masters the object; plan again, which says what can be done."
	case contains(e.Message, originatedOutside):
		e.Hint = "Another sync engine mastered the object once, and attributes that it has left locked can be set in Exchange only " +
			"(Set-Mailbox or Set-MailUser -CustomAttribute1 for extensionAttribute1); put them under unmanaged."
	}
	return e
}
