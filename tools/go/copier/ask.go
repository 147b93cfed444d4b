package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// ask finds out what a registry can hold, before anything of an image is sent: each manifest is offered before its
// blobs. A registry that knows its form answers that blobs are missing; one that does not, that the form is wrong.
func ask(ctx context.Context, to *far, task job) error {
	_ = to.SetReferrersCapability(true) // so that a manifest is offered as it is, and no list is written for it
	for _, entry := range task.Manifests {
		var refused string
		err := to.once(ctx, "manifest "+string(entry.Digest), func(ctx context.Context) (err error) {
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
			found, err := to.taggedWith(ctx, tag)
			if err == nil && found != "" && found != entry.Digest {
				to.out.tell("taken", map[string]any{"tag": tag, "digest": entry.Digest, "found": found})
			}
		}
	}
	var how string
	err := to.once(ctx, "referrers", func(ctx context.Context) (err error) {
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
	there, err := f.holds(ctx, string(entry.Digest))
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

// howReferrers returns `api`, `tag` where the registry keeps no list of referrers of its own, or "" where nothing of the
// image refers to another.
func (f *far) howReferrers(ctx context.Context, task job) (string, error) {
	if !slices.ContainsFunc(task.Manifests, func(entry manifest) bool { return entry.subject() != nil }) {
		return "", nil
	}
	found, err := f.byAPI(ctx, digest.Digest(task.Digest))
	if err == nil && found.api {
		return "api", nil
	}
	if refused := status(found.untold); refused == http.StatusUnauthorized || refused == http.StatusForbidden {
		rule := "this login must be let list what refers to an image; or import it with --skip-signatures"
		return "", &fault{path: f.Reference.Repository, value: plain(found.untold), rule: rule}
	}
	return "tag", err
}
