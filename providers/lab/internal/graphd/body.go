package graphd

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// readBody reads a request's body, which Microsoft's own client libraries compress.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *Error) {
	var from io.Reader = http.MaxBytesReader(w, r.Body, maxBody)
	switch encoding := r.Header.Get("Content-Encoding"); strings.ToLower(encoding) {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(from)
		if err != nil {
			return nil, parsingError("The request body is not in the gzip form that Content-Encoding promises.")
		}
		from = z
	default:
		return nil, &Error{Status: http.StatusUnsupportedMediaType, Code: "UnsupportedMediaType", Message: "The content encoding '" +
			encoding + "' is not supported."}
	}
	body, err := io.ReadAll(io.LimitReader(from, maxBody+1))
	if err != nil || len(body) > maxBody {
		return nil, parsingError("The request body could not be read or is larger than %d bytes.", maxBody)
	}
	return body, nil
}
