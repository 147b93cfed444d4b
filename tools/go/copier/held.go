package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"
)

// held asks the registry for everything that was pushed, and returns the digests of the bytes that it answers with.
func (f *far) held(ctx context.Context, task job) (map[string]string, error) {
	found := map[string]string{}
	for _, entry := range task.Manifests {
		for _, reference := range append([]string{string(entry.Digest)}, entry.Tags...) {
			err := f.once(ctx, "manifest "+reference, func(ctx context.Context) error {
				desc, _, err := f.read(ctx, reference)
				if err != nil {
					return err
				}
				if desc.Digest != entry.Digest {
					rule := "the registry must answer with " + string(entry.Digest)
					return &fault{path: reference, value: string(desc.Digest), rule: rule}
				}
				if desc.MediaType != entry.MediaType {
					return &fault{path: reference, value: desc.MediaType, rule: "the registry must keep the media type " + entry.MediaType}
				}
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("after the push: %w", err)
			}
		}
		// Again: another client that wrote a list at the same time may have lost what was in it.
		err := f.once(ctx, "referrer "+string(entry.Digest), func(ctx context.Context) error { return f.list(ctx, entry) })
		if err != nil {
			return nil, fmt.Errorf("after the push: %w", err)
		}
		found[string(entry.Digest)] = string(entry.Digest)
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, entry := range task.Blobs {
		group.Go(func() error { return f.heldBlob(within, entry) })
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("after the push: %w", err)
	}
	return found, nil
}

// heldBlob asks for a blob, and reads it where the registry has another size of it than it should.
func (f *far) heldBlob(ctx context.Context, entry blob) error {
	return f.once(ctx, "blob "+string(entry.Digest), func(ctx context.Context) error {
		there, size, err := f.blobSize(ctx, entry.Digest)
		if err != nil || (there && size == entry.Size) {
			return err
		}
		if !there {
			return &fault{path: string(entry.Digest), value: "not there", rule: "the registry must hold every blob after the push"}
		}
		stream, err := f.open(ctx, entry.Digest, 0)
		if err != nil {
			return err
		}
		defer stream.Close()
		sum := sha256.New()
		count, err := io.Copy(sum, io.LimitReader(stream, entry.Size+1))
		if err != nil {
			return &broken{err}
		}
		if digest.NewDigest(digest.SHA256, sum) != entry.Digest {
			rule := fmt.Sprintf("the registry must hold all %d bytes of a blob: remove what it has, and run it again", entry.Size)
			return &fault{path: string(entry.Digest), value: fmt.Sprintf("%d bytes", count), rule: rule}
		}
		return nil
	})
}
