package main

import (
	"context"
	"errors"
	"fmt"
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

// fetched is an image with everything that belongs to it.
type fetched struct {
	*far
	repository string
	raw        map[digest.Digest][]byte
	kinds      map[digest.Digest]string // media types
	blobs      map[digest.Digest]ocispec.Descriptor
	listed     []ocispec.Descriptor // what stands in the layout's index
	docker     bool                 // whether any manifest has one of Docker's own media types
	subjects   []ocispec.Descriptor // manifests that may have signatures, in the order in which they were found
	warned     bool                 // whether it was told that the registry does not list referrers
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
		raw: map[digest.Digest][]byte{}, kinds: map[digest.Digest]string{}, blobs: map[digest.Digest]ocispec.Descriptor{},
	}
	if err := all.image(ctx, digest.Digest(task.Digest)); err != nil {
		return err
	}
	if !task.Bare {
		if err := all.attached(ctx); err != nil {
			return err
		}
	}
	if err := all.apart(); err != nil {
		return err
	}
	if err := target.begin(all.names()); err != nil {
		return err
	}
	if err := target.manifests(all.raw); err != nil { // whoever started the job looks at them before it agrees
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
	err = from.out.plan(ctx, map[string]any{"total": total, "there": there, "docker": all.docker, "manifests": all.kinds})
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
	if err := target.finish(all.listed, task.Bare); err != nil {
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
	f.listed = append(f.listed, refNamed(desc, name))
	f.subjects = append(f.subjects, desc)
	return f.walk(ctx, desc, &f.subjects, 0)
}

// walk reads what a manifest names; `subjects` gets every manifest below it.
func (f *fetched) walk(ctx context.Context, desc ocispec.Descriptor, subjects *[]ocispec.Descriptor, depth int) error {
	where := fmt.Sprintf("%s@%s", f.repository, desc.Digest)
	found, err := parse(where, desc.MediaType, f.raw[desc.Digest])
	if err != nil {
		return err
	}
	if isList(desc.MediaType) {
		for _, child := range found.Manifests {
			if err := f.child(ctx, where, child, subjects, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if found.Config != nil {
		found.Layers = append([]ocispec.Descriptor{*found.Config}, found.Layers...)
	}
	for _, blob := range found.Layers {
		if err := sound(where, blob); err != nil {
			return err
		}
		if before, seen := f.blobs[blob.Digest]; seen && before.Size != blob.Size {
			rule := fmt.Sprintf("one content has one size: elsewhere the image says %d bytes of %s", before.Size, blob.Digest)
			return &fault{path: where, value: fmt.Sprintf("%d bytes", blob.Size), rule: rule}
		}
		f.blobs[blob.Digest] = blob
	}
	return nil
}

func (f *fetched) child(ctx context.Context, where string, child ocispec.Descriptor, subjects *[]ocispec.Descriptor, depth int) error {
	if err := known(where, child); err != nil {
		return err
	}
	if depth >= deepest {
		rule := fmt.Sprintf("indexes in indexes are at most %d deep", deepest)
		return &fault{path: where, value: fmt.Sprint(depth), rule: rule}
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
	return f.walk(ctx, desc, subjects, depth)
}

// manifest reads a manifest by tag or digest and keeps its bytes; `stated` is what its parent says about it.
func (f *fetched) manifest(ctx context.Context, reference string, stated ocispec.Descriptor) (ocispec.Descriptor, error) {
	if len(f.raw) >= mostManifests {
		return stated, &fault{path: f.repository, value: "too many", rule: fmt.Sprintf("at most %d manifests", mostManifests)}
	}
	where := fmt.Sprintf("%s@%s", f.repository, reference)
	var desc ocispec.Descriptor
	var raw []byte
	err := f.once(ctx, where, func(ctx context.Context) (err error) {
		desc, raw, err = f.read(ctx, reference)
		return err
	})
	if err != nil {
		return desc, err
	}
	desc.MediaType = ownType(desc.MediaType, raw)
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
	f.raw[desc.Digest], f.kinds[desc.Digest] = raw, desc.MediaType
	f.docker = f.docker || desc.MediaType == dockerManifest || desc.MediaType == dockerList
	return desc, nil
}

func refNamed(desc ocispec.Descriptor, name string) ocispec.Descriptor {
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

// apart refuses content that is a manifest in one place and a layer in another.
func (f *fetched) apart() error {
	for name := range f.blobs {
		if kind, both := f.kinds[name]; both {
			rule := fmt.Sprintf("content has one media type, wherever it is named: here it is a layer, elsewhere %s", kind)
			return &fault{path: f.repository, value: string(name), rule: rule}
		}
	}
	return nil
}
