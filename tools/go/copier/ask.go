package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// ask finds out what a registry can hold, before anything of an image is sent: each manifest is offered before its
// blobs. A registry that knows its form answers that blobs are missing; one that does not, that the form is wrong.
func ask(ctx context.Context, to *far, task job) error {
	_ = to.SetReferrersCapability(true) // so that a manifest is offered as it is, and no list is written for it
	for _, entry := range task.Manifests {
		var refused string
		err := to.once(ctx, "manifest "+string(entry.Digest), func() (err error) {
			refused, err = to.refusal(ctx, entry)
			return err
		})
		if err != nil {
			return err
		}
		if refused != "" {
			to.out.tell("refused", map[string]any{"digest": entry.Digest, "mediaType": entry.MediaType, "text": refused})
		}
		for _, tag := range entry.Tags {
			found, err := to.Manifests().Resolve(ctx, tag)
			if err == nil && found.Digest != entry.Digest {
				to.out.tell("taken", map[string]any{"tag": tag, "digest": entry.Digest, "found": found.Digest})
			}
		}
	}
	var how string
	err := to.once(ctx, "referrers", func() (err error) {
		how, err = to.howReferrers(ctx, task)
		return err
	})
	if err != nil {
		return err
	}
	to.out.tell("done", map[string]any{"referrers": how})
	return nil
}

// refusal is what the registry says against a manifest, or "".
func (f *far) refusal(ctx context.Context, entry manifest) (string, error) {
	there, err := f.Manifests().Exists(ctx, entry.descriptor())
	if err != nil || there {
		return "", err
	}
	err = f.Manifests().Push(ctx, entry.descriptor(), bytes.NewReader(entry.Content))
	var answer *errcode.ErrorResponse
	switch {
	case err == nil:
		return "", nil // its blobs are there already, or it is one that does not look
	case !errors.As(err, &answer):
		return "", err
	case code(err, errcode.ErrorCodeManifestBlobUnknown, errcode.ErrorCodeBlobUnknown, errcode.ErrorCodeManifestUnknown,
		errcode.ErrorCodeNameUnknown):
		return "", nil
	case answer.StatusCode == http.StatusUnsupportedMediaType || code(err, errcode.ErrorCodeUnsupported, errcode.ErrorCodeManifestInvalid):
		return plain(answer.Errors), nil
	}
	return "", err
}

// howReferrers returns `api`, or `tag` where the registry keeps no list of referrers of its own.
func (f *far) howReferrers(ctx context.Context, task job) (string, error) {
	scheme := "https"
	if f.PlainHTTP {
		scheme = "http"
	}
	address := fmt.Sprintf("%s://%s/v2/%s/referrers/%s", scheme, f.Reference.Host(), f.Reference.Repository, task.Digest)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	response, err := f.Client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		if response.Header.Get("Content-Type") == ocispec.MediaTypeImageIndex {
			return "api", nil
		}
		return "tag", nil
	case http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed:
		return "tag", nil
	}
	return "", &errcode.ErrorResponse{Method: request.Method, URL: request.URL, StatusCode: response.StatusCode}
}
