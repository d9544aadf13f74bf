package entra
import "context"
type Writer struct{client *client}
func OpenWriter(ctx context.Context, cfg Config) (*Writer, error) { return nil, nil }
