package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"
)

// listings is how often a list of referrers is written again when others write it at the same time.
const listings = 10

// blob is one file to push: Size bytes of Path from Offset on, which may lie within an archive.
type blob struct {
	Digest digest.Digest `json:"digest"`
	Size   int64         `json:"size"`
	Path   string        `json:"path"`
	Offset int64         `json:"offset"`
}

func (b blob) descriptor() ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: "application/octet-stream", Digest: b.Digest, Size: b.Size}
}

// manifest is one to push, after everything that it names; Content is what was verified.
type manifest struct {
	Digest    digest.Digest `json:"digest"`
	MediaType string        `json:"mediaType"`
	Content   []byte        `json:"content"`
	Tags      []string      `json:"tags"`
}

func (m manifest) descriptor() ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: m.MediaType, Digest: m.Digest, Size: int64(len(m.Content))}
}

// subject is the manifest that this one is about, or nil.
func (m manifest) subject() *ocispec.Descriptor {
	found, err := parse(string(m.Digest), m.MediaType, m.Content)
	if err != nil {
		return nil
	}
	return found.Subject
}

// push sends blobs, then manifests, and then asks the registry for every one of them.
func push(ctx context.Context, to *far, task job) error {
	waiting, there, err := missingBlobs(ctx, to, task.Blobs)
	if err != nil {
		return err
	}
	total := there
	for _, entry := range waiting {
		total += entry.Size
	}
	if err := to.out.plan(ctx, map[string]any{"total": total, "there": there}); err != nil {
		return err
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, entry := range waiting {
		group.Go(func() error { return to.send(within, entry) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, entry := range task.Manifests {
		if err := to.put(ctx, entry); err != nil {
			return err
		}
	}
	held, err := to.held(ctx, task)
	if err != nil {
		return err
	}
	to.out.tell("done", map[string]any{"held": held})
	return nil
}

func missingBlobs(ctx context.Context, to *far, blobs []blob) ([]blob, int64, error) {
	found := make([]bool, len(blobs))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for index, entry := range blobs {
		group.Go(func() error {
			return to.once(within, "blob "+string(entry.Digest), func(within context.Context) (err error) {
				found[index], err = to.Blobs().Exists(within, entry.descriptor())
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, 0, err
	}
	var waiting []blob
	var there int64
	for index, entry := range blobs {
		if found[index] {
			there += entry.Size
		} else {
			waiting = append(waiting, entry)
		}
	}
	return waiting, there, nil
}

// send pushes one blob. What is read is summed: other bytes than those that were verified are never completed.
func (f *far) send(ctx context.Context, entry blob) error {
	return f.again(ctx, "blob "+string(entry.Digest), func() (bool, error) {
		if there, err := f.Blobs().Exists(ctx, entry.descriptor()); err == nil && there {
			f.out.moved(entry.Size) // another run has brought it meanwhile
			return false, nil
		}
		file, err := os.OpenFile(entry.Path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
		if err != nil {
			return false, err
		}
		defer file.Close()
		within, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		clock := watch(cancel, seconds(f.wait.Idle), f.out)
		defer clock.stop()
		sum, changed := sha256.New(), error(nil)
		clock.from = bufio.NewReaderSize(io.NewSectionReader(file, entry.Offset, entry.Size), chunk)
		clock.seen = func(read []byte) {
			_, _ = sum.Write(read)
			// The last bytes go out only when all of them are right.
			if clock.count == entry.Size && digest.NewDigest(digest.SHA256, sum) != entry.Digest {
				changed = &fault{path: entry.Path, value: "changed", rule: "must still be what was verified: " + string(entry.Digest)}
			}
		}
		err = f.Blobs().Push(within, entry.descriptor(), &guarded{clock, &changed})
		if changed != nil {
			return false, changed
		}
		if err != nil {
			f.out.moved(-clock.count)
			return false, cause(within, err)
		}
		return false, nil
	})
}

// guarded gives nothing more once what was read is found to be wrong.
type guarded struct {
	io.Reader
	wrong *error
}

func (g *guarded) Read(into []byte) (int, error) {
	count, err := g.Reader.Read(into)
	if *g.wrong != nil {
		return 0, *g.wrong
	}
	return count, err
}

// put pushes a manifest by its digest and gives it its tags; what is there is not pushed again.
func (f *far) put(ctx context.Context, entry manifest) error {
	return f.once(ctx, "manifest "+string(entry.Digest), func(ctx context.Context) error {
		if digest.FromBytes(entry.Content) != entry.Digest {
			return &fault{path: string(entry.Digest), value: "changed", rule: "must still be what was verified"}
		}
		there, err := f.Manifests().Exists(ctx, entry.descriptor())
		if err != nil {
			return err
		}
		if !there {
			if err := f.Manifests().Push(ctx, entry.descriptor(), bytes.NewReader(entry.Content)); err != nil {
				return err
			}
		}
		if err := f.list(ctx, entry); err != nil {
			return err
		}
		for _, tag := range entry.Tags {
			found, err := f.Manifests().Resolve(ctx, tag)
			if err == nil && found.Digest == entry.Digest {
				continue
			}
			if err != nil && !errors.Is(err, errdef.ErrNotFound) {
				return err
			}
			if err == nil {
				return &fault{path: tag, value: string(found.Digest), rule: "nothing is replaced: the tag is there with another content"}
			}
			if err := f.Manifests().PushReference(ctx, entry.descriptor(), bytes.NewReader(entry.Content), tag); err != nil {
				return err
			}
		}
		return nil
	})
}

// list sees to it that the registry names a manifest among the referrers of its subject.
func (f *far) list(ctx context.Context, entry manifest) error {
	subject := entry.subject()
	if subject == nil {
		return nil
	}
	for range listings {
		found, err := f.isListed(ctx, *subject, entry.Digest)
		if err != nil || found {
			return err
		}
		// Where the registry keeps no list of its own, this writes it: two that do so at once may lose an entry.
		if err := f.Manifests().Push(ctx, entry.descriptor(), bytes.NewReader(entry.Content)); err != nil {
			return err
		}
	}
	rule := "the registry must name it among the referrers of its subject, by its API or by the tag of the subject's digest"
	return &fault{path: string(entry.Digest), value: "not listed", rule: rule}
}

func (f *far) isListed(ctx context.Context, subject ocispec.Descriptor, wanted digest.Digest) (bool, error) {
	found := false
	err := f.Referrers(ctx, subject, "", func(page []ocispec.Descriptor) error {
		for _, entry := range page {
			found = found || entry.Digest == wanted
		}
		return nil
	})
	return found, err
}

// held asks the registry for everything that was pushed, and returns the digests of the bytes that it answers with.
func (f *far) held(ctx context.Context, task job) (map[string]string, error) {
	found := map[string]string{}
	for _, entry := range task.Manifests {
		for _, reference := range append([]string{string(entry.Digest)}, entry.Tags...) {
			var answer digest.Digest
			err := f.once(ctx, "manifest "+reference, func(ctx context.Context) error {
				desc, stream, err := f.Manifests().FetchReference(ctx, reference)
				if err != nil {
					return err
				}
				defer stream.Close()
				raw, err := io.ReadAll(io.LimitReader(stream, mostJSON+1))
				if err != nil {
					return &broken{err}
				}
				if desc.MediaType != entry.MediaType {
					return &fault{path: reference, value: desc.MediaType, rule: "the registry must keep the media type " + entry.MediaType}
				}
				answer = digest.FromBytes(raw)
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("after the push: %w", err)
			}
			if answer != entry.Digest {
				return nil, &fault{path: reference, value: string(answer), rule: "the registry must answer with " + string(entry.Digest)}
			}
		}
		found[string(entry.Digest)] = string(entry.Digest)
	}
	waiting, _, err := missingBlobs(ctx, f, task.Blobs)
	if err != nil {
		return nil, err
	}
	for _, entry := range waiting {
		return nil, &fault{path: string(entry.Digest), value: "not there", rule: "the registry must hold every blob after the push"}
	}
	return found, nil
}
