package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"os"
	"syscall"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
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
			return to.once(within, "blob "+string(entry.Digest), func(within context.Context) error {
				there, size, err := to.blobSize(within, entry.Digest)
				found[index] = there && (size < 0 || size == entry.Size)
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
	turnedAway := false
	return f.again(ctx, "blob "+string(entry.Digest), func() (bool, error) {
		if there, size, err := f.blobSize(ctx, entry.Digest); err == nil && there && size == entry.Size {
			f.out.moved(entry.Size) // another run has brought it meanwhile
			return false, nil
		}
		file, err := regular(entry.Path)
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
		}
		if status(err) == http.StatusUnauthorized && !turnedAway {
			turnedAway = true // a token that has ended meanwhile: the next attempt asks for one
			return false, &broken{errors.New(err.Error())}
		}
		return false, cause(within, err)
	})
}

// regular opens a file, and nothing that has taken its place: no link, and no pipe that would be waited for.
func regular(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if found, err := file.Stat(); err != nil || !found.Mode().IsRegular() {
		_ = file.Close()
		return nil, &fault{path: path, value: "no regular file", rule: "must still be what was verified"}
	}
	return file, nil
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
		there, err := f.holds(ctx, string(entry.Digest))
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
			found, err := f.taggedWith(ctx, tag)
			if err != nil {
				return err
			}
			if found == entry.Digest {
				continue
			}
			if found != "" {
				return &fault{path: tag, value: string(found), rule: "nothing is replaced: the tag is there with another content"}
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
		found, err := f.lists(ctx, subject.Digest, entry.Digest)
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
