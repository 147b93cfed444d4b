package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
)

// nextPage is what RFC 8288 writes for the page behind this one.
var nextPage = regexp.MustCompile(`<([^>]*)>\s*;[^,]*\brel="?next"?`)

// listed is what a registry says of the referrers of a manifest. `api` is false where it has no such list of its own;
// `untold` is its answer where that was neither a list nor that there is none.
type listed struct {
	found  []ocispec.Descriptor
	api    bool
	untold error
}

// byAPI asks for the registry's own list, all its pages.
func (f *far) byAPI(ctx context.Context, subject digest.Digest) (listed, error) {
	found := listed{}
	for path := "referrers/" + string(subject); path != ""; {
		response, err := f.request(ctx, http.MethodGet, path, http.Header{"Accept": {ocispec.MediaTypeImageIndex}})
		number := status(err)
		if number == http.StatusNotFound {
			return found, nil
		}
		if number != 0 && !passing(err) {
			return listed{untold: err}, nil
		}
		if err != nil {
			return found, err
		}
		index, next, err := f.page(response)
		if err != nil {
			return found, err
		}
		if index == nil {
			return found, nil
		}
		found.api, found.found, path = true, append(found.found, index.Manifests...), next
		if len(found.found) > mostManifests {
			rule := fmt.Sprintf("at most %d manifests refer to one", mostManifests)
			return found, &fault{path: string(subject), value: "too many", rule: rule}
		}
	}
	return found, nil
}

// page reads one page, and where the next one is; no index where the answer is something else.
func (f *far) page(response *http.Response) (*ocispec.Index, string, error) {
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, mostJSON+1))
	if err != nil {
		return nil, "", &broken{err}
	}
	var index ocispec.Index
	if json.Unmarshal(raw, &index) != nil {
		return nil, "", nil // a page for people, or a list that is no index
	}
	kind := typeOf(response)
	if kind != ocispec.MediaTypeImageIndex && ownType(kind, raw) != ocispec.MediaTypeImageIndex {
		return nil, "", nil
	}
	link := nextPage.FindStringSubmatch(response.Header.Get("Link"))
	if link == nil {
		return &index, "", nil
	}
	where, err := response.Request.URL.Parse(link[1])
	prefix := "/v2/" + f.Reference.Repository + "/"
	if err != nil || !sameHost(where, response.Request.URL) || !strings.HasPrefix(where.EscapedPath(), prefix) {
		return nil, "", fmt.Errorf("the registry's next page of referrers lies elsewhere: %s", link[1])
	}
	return &index, strings.TrimPrefix(where.RequestURI(), prefix), nil
}

func sameHost(one, other *url.URL) bool { return strings.EqualFold(one.Host, other.Host) }

// byTag reads the list that clients write where the registry has none: the index with the tag of the subject's digest.
func (f *far) byTag(ctx context.Context, subject digest.Digest) ([]ocispec.Descriptor, error) {
	desc, raw, err := f.read(ctx, strings.Replace(string(subject), ":", "-", 1))
	if errors.Is(err, errdef.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// Some registries answer to such a tag with the subject itself.
	if desc.Digest == subject || ownType(desc.MediaType, raw) != ocispec.MediaTypeImageIndex {
		return nil, nil
	}
	var index ocispec.Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, nil
	}
	return index.Manifests, nil
}

// refer lists what refers to a manifest, once each: by the API and by the tag, since a registry that has learnt the API
// need not know what was written before.
func (f *far) refer(ctx context.Context, subject digest.Digest) (listed, error) {
	found, err := f.byAPI(ctx, subject)
	if err != nil {
		return found, err
	}
	more, err := f.byTag(ctx, subject)
	if status(err) != 0 && !passing(err) {
		found.untold = err
	} else if err != nil {
		return found, err
	}
	seen, once := map[digest.Digest]bool{}, []ocispec.Descriptor{}
	for _, entry := range append(found.found, more...) {
		if !seen[entry.Digest] {
			seen[entry.Digest] = true
			once = append(once, entry)
		}
	}
	found.found = once
	return found, nil
}

// lists says whether a client would find one among the referrers of the subject: it looks at the tag only where there
// is no API.
func (f *far) lists(ctx context.Context, subject, wanted digest.Digest) (bool, error) {
	found, err := f.byAPI(ctx, subject)
	if err == nil && !found.api {
		found.found, err = f.byTag(ctx, subject)
	}
	for _, entry := range found.found {
		if entry.Digest == wanted {
			return true, err
		}
	}
	return false, err
}
