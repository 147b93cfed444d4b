package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"
)

const (
	refName = "org.opencontainers.image.ref.name"
	atOnce  = 4
)

// untold are answers of registries that gave the image, and do not know the question for its referrers.
var untold = []int{
	http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed,
}

var suffixes = []string{"sig", "att", "sbom"}

// fetched is an image with everything that belongs to it.
type fetched struct {
	*far
	repository string
	raw        map[digest.Digest][]byte
	blobs      map[digest.Digest]ocispec.Descriptor
	listed     []ocispec.Descriptor // what stands in the layout's index
	docker     bool                 // whether any manifest has one of Docker's own media types
	subjects   []ocispec.Descriptor // manifests that may have signatures, in the order in which they were found
}

// fetch copies an image, its cosign tags and its referrers into a layout.
func fetch(ctx context.Context, from *far, task job) error {
	target, err := openLayout(ctx, task.Layout)
	if err != nil {
		return err
	}
	defer target.close()
	all := &fetched{
		far: from, repository: task.Repository,
		raw: map[digest.Digest][]byte{}, blobs: map[digest.Digest]ocispec.Descriptor{},
	}
	if err := all.image(ctx, digest.Digest(task.Digest)); err != nil {
		return err
	}
	if err := all.attached(ctx); err != nil {
		return err
	}
	if err := target.begin(all.names()); err != nil {
		return err
	}
	total, there := int64(0), int64(0)
	waiting := []ocispec.Descriptor{}
	for _, blob := range all.blobs {
		whole, have := target.has(blob)
		total, there = total+blob.Size, there+have
		if !whole {
			waiting = append(waiting, blob)
		}
	}
	slices.SortFunc(waiting, func(one, other ocispec.Descriptor) int {
		return strings.Compare(fmt.Sprintf("%020d%s", other.Size, other.Digest), fmt.Sprintf("%020d%s", one.Size, one.Digest))
	})
	err = from.out.plan(ctx, map[string]any{"total": total, "there": there, "docker": all.docker})
	if err != nil {
		return err
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, blob := range waiting {
		group.Go(func() error { return all.blob(within, target, blob) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := target.finish(all.raw, all.listed); err != nil {
		return err
	}
	from.out.tell("done", nil)
	return nil
}

// image walks from the root to every manifest, and notes every blob.
func (f *fetched) image(ctx context.Context, root digest.Digest) error {
	desc, err := f.manifest(ctx, root.String(), ocispec.Descriptor{Digest: root})
	if err != nil {
		if errors.Is(err, errdef.ErrNotFound) {
			rule := "the registry must have this digest: it was mistyped, or the image is gone there"
			return &fault{path: f.repository, value: string(root), rule: rule}
		}
		return err
	}
	name := strings.Replace(string(root), ":", "-", 1)
	f.listed = append(f.listed, named(desc, name))
	f.subjects = append(f.subjects, desc)
	return f.walk(ctx, desc, &f.subjects)
}

// walk reads what a manifest names; `subjects` gets every manifest below it.
func (f *fetched) walk(ctx context.Context, desc ocispec.Descriptor, subjects *[]ocispec.Descriptor) error {
	where := fmt.Sprintf("%s@%s", f.repository, desc.Digest)
	found, err := parse(where, desc.MediaType, f.raw[desc.Digest])
	if err != nil {
		return err
	}
	if isList(desc.MediaType) {
		for _, child := range found.Manifests {
			if err := f.child(ctx, where, child, subjects); err != nil {
				return err
			}
		}
		return nil
	}
	if found.Config != nil {
		found.Layers = append([]ocispec.Descriptor{*found.Config}, found.Layers...)
	}
	for _, blob := range found.Layers {
		if blob.Digest.Validate() != nil || blob.Digest.Algorithm() != digest.SHA256 {
			return &fault{path: where, value: string(blob.Digest), rule: "content is named by its sha256 digest"}
		}
		f.blobs[blob.Digest] = blob
	}
	return nil
}

func (f *fetched) child(ctx context.Context, where string, child ocispec.Descriptor, subjects *[]ocispec.Descriptor) error {
	if err := known(where, child); err != nil {
		return err
	}
	if _, seen := f.raw[child.Digest]; seen {
		return nil
	}
	desc, err := f.manifest(ctx, child.Digest.String(), child)
	if errors.Is(err, errdef.ErrNotFound) {
		rule := "the registry must have every part that the list names; bring one platform by the digest of its own manifest"
		return &fault{path: where, value: string(child.Digest), rule: rule}
	}
	if err != nil {
		return err
	}
	*subjects = append(*subjects, desc)
	return f.walk(ctx, desc, subjects)
}

// manifest reads a manifest by tag or digest and keeps its bytes; `stated` is what its parent says about it.
func (f *fetched) manifest(ctx context.Context, reference string, stated ocispec.Descriptor) (ocispec.Descriptor, error) {
	if len(f.raw) >= mostManifests {
		return stated, &fault{path: f.repository, value: "too many", rule: fmt.Sprintf("at most %d manifests", mostManifests)}
	}
	where := fmt.Sprintf("%s@%s", f.repository, reference)
	var desc ocispec.Descriptor
	var raw []byte
	err := f.once(ctx, where, func(ctx context.Context) error {
		found, stream, err := f.Manifests().FetchReference(ctx, reference)
		if err != nil {
			return err
		}
		defer stream.Close()
		desc = found
		if raw, err = io.ReadAll(io.LimitReader(stream, mostJSON+1)); err != nil {
			return &broken{err}
		}
		return nil
	})
	if err != nil {
		return desc, err
	}
	if len(raw) > mostJSON {
		return desc, &fault{path: where, value: "too large", rule: fmt.Sprintf("a manifest has at most %d bytes", mostJSON)}
	}
	desc.Digest, desc.Size = digest.FromBytes(raw), int64(len(raw))
	if stated.Digest != "" && desc.Digest != stated.Digest {
		rule := fmt.Sprintf("the registry must answer with what was asked for (%s)", stated.Digest)
		return desc, &fault{path: where, value: string(desc.Digest), rule: rule}
	}
	if stated.MediaType != "" && stated.MediaType != desc.MediaType {
		rule := fmt.Sprintf("must have the media type that its list says (%s)", stated.MediaType)
		return desc, &fault{path: where, value: desc.MediaType, rule: rule}
	}
	if err := known(where, desc); err != nil {
		return desc, err
	}
	f.raw[desc.Digest] = raw
	f.docker = f.docker || desc.MediaType == dockerManifest || desc.MediaType == dockerList
	return desc, nil
}

// attached finds what was signed or said about the image: cosign's tags, and referrers of any kind and their own.
func (f *fetched) attached(ctx context.Context) error {
	for index := 0; index < len(f.subjects); index++ {
		subject := f.subjects[index]
		for _, suffix := range suffixes {
			if err := f.tagged(ctx, subject, suffix); err != nil {
				return err
			}
		}
		if err := f.referrers(ctx, subject); err != nil {
			return err
		}
	}
	return nil
}

func (f *fetched) tagged(ctx context.Context, subject ocispec.Descriptor, suffix string) error {
	tag := strings.Replace(string(subject.Digest), ":", "-", 1) + "." + suffix
	err := f.once(ctx, "tag "+tag, func(ctx context.Context) error {
		_, err := f.Manifests().Resolve(ctx, tag) // to ask costs nothing where reads are counted
		return err
	})
	if errors.Is(err, errdef.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	desc, err := f.manifest(ctx, tag, ocispec.Descriptor{})
	if err != nil {
		return err
	}
	f.listed = append(f.listed, named(desc, tag))
	return f.walk(ctx, desc, &[]ocispec.Descriptor{})
}

func (f *fetched) referrers(ctx context.Context, subject ocispec.Descriptor) error {
	var found []ocispec.Descriptor
	err := f.once(ctx, "referrers of "+string(subject.Digest), func(ctx context.Context) error {
		found = nil
		return f.Referrers(ctx, subject, "", func(page []ocispec.Descriptor) error {
			found = append(found, page...)
			return nil
		})
	})
	if slices.Contains(untold, status(err)) {
		f.out.say(fmt.Sprintf("WARNING: %s: the registry does not say which signatures refer to %s: %s",
			f.repository, subject.Digest, plain(err)))
		return nil
	}
	if err != nil {
		return err
	}
	for _, referrer := range found {
		if _, seen := f.raw[referrer.Digest]; seen {
			continue
		}
		desc, err := f.manifest(ctx, referrer.Digest.String(), ocispec.Descriptor{Digest: referrer.Digest})
		if errors.Is(err, errdef.ErrNotFound) {
			f.out.say(fmt.Sprintf("WARNING: %s: it lists the referrer %s, and does not have it", f.repository, referrer.Digest))
			continue
		}
		if err != nil {
			return err
		}
		f.listed = append(f.listed, desc)
		f.subjects = append(f.subjects, desc) // a signature may be signed in turn
		if err := f.walk(ctx, desc, &f.subjects); err != nil {
			return err
		}
	}
	return nil
}

func named(desc ocispec.Descriptor, name string) ocispec.Descriptor {
	desc.Annotations = map[string]string{refName: name}
	return desc
}

// names are the blobs that the layout is to hold.
func (f *fetched) names() map[digest.Digest]bool {
	found := map[digest.Digest]bool{}
	for name := range f.raw {
		found[name] = true
	}
	for name := range f.blobs {
		found[name] = true
	}
	return found
}
