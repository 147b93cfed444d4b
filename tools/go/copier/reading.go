package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
)

// untyped are what servers say of files that they know nothing about.
var untyped = []string{"", "application/json", "application/octet-stream", "binary/octet-stream", "text/plain"}

// headless are answers to HEAD of servers that know GET only.
var headless = []int{http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotImplemented}

func acceptManifests() http.Header {
	return http.Header{"Accept": {strings.Join(manifests, ", ")}}
}

// read gets a manifest by digest or tag, with the media type that the registry says and the digest of what came. No
// header but the status has to be there: what is read is summed. It returns errdef.ErrNotFound for 404.
func (f *far) read(ctx context.Context, reference string) (ocispec.Descriptor, []byte, error) {
	response, err := f.request(ctx, http.MethodGet, "manifests/"+reference, acceptManifests())
	if status(err) == http.StatusNotFound {
		return ocispec.Descriptor{}, nil, fmt.Errorf("%s: %w: %w", reference, errdef.ErrNotFound, err)
	}
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, mostJSON+1))
	if err != nil {
		return ocispec.Descriptor{}, nil, &broken{err}
	}
	if len(raw) > mostJSON {
		rule := fmt.Sprintf("a manifest has at most %d bytes", mostJSON)
		return ocispec.Descriptor{}, nil, &fault{path: reference, value: "too large", rule: rule}
	}
	if stated := response.ContentLength; stated >= 0 && int64(len(raw)) < stated {
		return ocispec.Descriptor{}, nil, &broken{io.ErrUnexpectedEOF}
	}
	kind := typeOf(response)
	return ocispec.Descriptor{MediaType: kind, Digest: digest.FromBytes(raw), Size: int64(len(raw))}, raw, nil
}

// typeOf is the media type of an answer without its parameters, or "".
func typeOf(response *http.Response) string {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return kind
}

// ownType is the media type that a manifest states of itself where its server has none for it.
func ownType(stated string, raw []byte) string {
	if !slices.Contains(untyped, stated) {
		return stated
	}
	var found struct {
		MediaType string `json:"mediaType"`
	}
	if json.Unmarshal(raw, &found) != nil || !slices.Contains(manifests, found.MediaType) {
		return stated
	}
	return found.MediaType
}

// holds says whether the registry has a manifest of this digest or tag.
func (f *far) holds(ctx context.Context, reference string) (bool, error) {
	response, err := f.request(ctx, http.MethodHead, "manifests/"+reference, acceptManifests())
	if slices.Contains(headless, status(err)) {
		_, _, err = f.read(ctx, reference)
	} else if err == nil {
		_ = response.Body.Close()
	}
	if errors.Is(err, errdef.ErrNotFound) || status(err) == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

// tagged returns the digest that a tag has, or "" where there is none.
func (f *far) taggedWith(ctx context.Context, tag string) (digest.Digest, error) {
	response, err := f.request(ctx, http.MethodHead, "manifests/"+tag, acceptManifests())
	if err == nil {
		_ = response.Body.Close()
		if found, wrong := digest.Parse(response.Header.Get("Docker-Content-Digest")); wrong == nil {
			return found, nil
		}
	} else if status(err) == http.StatusNotFound {
		return "", nil
	} else if !slices.Contains(headless, status(err)) {
		return "", err
	}
	found, _, err := f.read(ctx, tag)
	if errors.Is(err, errdef.ErrNotFound) {
		return "", nil
	}
	return found.Digest, err
}

// blobSize returns how many bytes of a blob the registry says to have; -1 where it does not say.
func (f *far) blobSize(ctx context.Context, name digest.Digest) (there bool, size int64, err error) {
	response, err := f.request(ctx, http.MethodHead, "blobs/"+string(name), http.Header{})
	if slices.Contains(headless, status(err)) || (err == nil && response.ContentLength < 0) {
		var stream *opened
		if stream, err = f.open(ctx, name, 0); err == nil {
			return true, stream.size, stream.Close()
		}
	}
	if status(err) == http.StatusNotFound {
		return false, 0, nil
	}
	if err != nil {
		return false, 0, err
	}
	_ = response.Body.Close()
	return true, response.ContentLength, nil
}
